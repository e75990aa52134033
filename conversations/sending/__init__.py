"""Answers to customers, from the row in the outbox to the event of the conversation: docs/answering.md."""
