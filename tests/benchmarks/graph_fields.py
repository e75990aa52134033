"""The Graph fields that all engines request: those of Inbox, so that all responses have the same size."""

from conversations.graph.fields import conversation, list_sizes

CONVERSATIONS, MESSAGES = list_sizes("messenger")[0]
FIELDS = conversation(MESSAGES, core=False)
