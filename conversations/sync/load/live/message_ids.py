"""The one form of a message's ID, whether a webhook, a list or an answer to a sent message shows it.

Graph's IDs of Messenger begin with `m_`. Webhooks had the same ID without that for years, and some still
have. Instagram's are the same everywhere.
"""

PREFIX = "m_"


def canonical_id(graph_id: str, platform: str) -> str:
    """Return the ID as Graph's lists show it."""
    if platform != "messenger" or graph_id.startswith(PREFIX):
        return graph_id
    return PREFIX + graph_id
