"""Imports the database of the application that Inbox replaces: a live one, a dump, or its tables as CSV.

A source yields the rows of the tables. They are staged in temporary tables of our database, where SQL joins
them to people and decides what is new; that is then written in short transactions of one Page each.
"""
