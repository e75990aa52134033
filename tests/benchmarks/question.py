"""What all engines ask Facebook: Inbox's question, so that the answers weigh the same."""

from conversations.graph.fields import conversation, list_sizes

CONVERSATIONS, MESSAGES = list_sizes("messenger")[0]
FIELDS = conversation(MESSAGES, core=False)
