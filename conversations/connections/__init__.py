"""Connects Pages, checks them, and opens Graph clients with this installation's settings."""
