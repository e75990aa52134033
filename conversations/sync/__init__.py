"""Synchronizes the conversations of a Page from Facebook into the tables."""
