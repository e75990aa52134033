"""Finds out how many conversations one answer may have, beyond the usual 100."""

from conversations.graph.client import GraphClient
from conversations.graph.probes.listing import Listing
from conversations.graph.readers import larger_lists


def probe_larger_lists(client: GraphClient, page_id: str, inbox: Listing) -> int | None:
    """Return how many conversations one answer may have, None if there are too few to tell.

    Two calls: the first tells how long the usual number takes, and so how many are worth a try.
    """
    if inbox.size[0] < larger_lists.USUAL or not inbox.has_more:
        return None
    client.capabilities.refused_fields = [str(one) for one in inbox.refused]
    client.capabilities.most_conversations = None
    client.conversation_batch(page_id)
    client.conversation_batch(page_id, is_large=True)
    return client.capabilities.most_conversations
