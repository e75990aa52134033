"""Reads conversations and messages for the GraphClient, in sizes and with fields that Facebook accepts."""
