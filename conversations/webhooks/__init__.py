"""Webhooks: from the body that Facebook sends to the rows of the conversation. docs/live.md explains it."""
