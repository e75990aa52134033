"""Searching conversations: filters, counts, lists and exports, for the API, the admin and bulk actions."""
