"""Finds out which folders besides the inbox can be listed, which Facebook no longer documents."""

from datetime import UTC, datetime
from typing import Literal

from conversations.graph.client import GraphClient
from conversations.graph.errors import GraphError
from conversations.graph.probes.batch import raise_unless_refused
from conversations.graph.probes.listing import ENOUGH_TO_COMPARE, Listing, list_ids
from conversations.graph.records import Conversation

FOLDERS = ("page_done", "other", "pending", "spam")
FolderState = Literal["ok", "ignored", "refused"]


def probe_folder(
    client: GraphClient, page_id: str, platform: str, folder: str, inbox: Listing
) -> FolderState:
    """Return the state of one folder besides the inbox. "ignored" means that the inbox is listed instead."""
    try:
        batch = list_ids(client, page_id, platform=platform, folder=folder, limit=ENOUGH_TO_COMPARE)
    except GraphError as error:
        raise_unless_refused(error)
        return "refused"
    return "ignored" if _is_same(batch.conversations, inbox.conversations) else "ok"


def _is_same(listed: list[Conversation], inbox: list[Conversation]) -> bool:
    """Return whether both lists start alike, apart from conversations that moved to the top meanwhile."""
    times = [one.updated_time for one in inbox if one.updated_time]
    newest = max(times, default=datetime.max.replace(tzinfo=UTC))
    moved = {one.id for one in listed if one.updated_time and one.updated_time > newest}
    remaining = [one.id for one in listed if one.id not in moved]
    expected = [one.id for one in inbox if one.id not in moved]
    return bool(remaining) and remaining == expected[: len(remaining)]
