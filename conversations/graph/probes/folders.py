"""Which folders beside the inbox can be listed: Facebook no longer says."""

from datetime import UTC, datetime
from typing import Literal

from conversations.graph.client import GraphClient
from conversations.graph.errors import GraphError
from conversations.graph.probes.batch import raise_unless_refused
from conversations.graph.probes.listing import ENOUGH, Listing, light
from conversations.graph.records import Conversation

FOLDERS = ("page_done", "other", "pending", "spam")
FolderState = Literal["ok", "ignored", "refused"]


def probe_folder(
    client: GraphClient, page_id: str, platform: str, folder: str, inbox: Listing
) -> FolderState:
    """Of one folder beside the inbox; ignored: the inbox is listed again."""
    try:
        found = light(client, page_id, platform=platform, folder=folder, limit=ENOUGH)
    except GraphError as error:
        raise_unless_refused(error)
        return "refused"
    return "ignored" if _is_same(found.conversations, inbox.conversations) else "ok"


def _is_same(found: list[Conversation], inbox: list[Conversation]) -> bool:
    """The same list from its head on, but for conversations that moved to the top meanwhile."""
    times = [one.updated_time for one in inbox if one.updated_time]
    newest = max(times, default=datetime.max.replace(tzinfo=UTC))
    moved = {one.id for one in found if one.updated_time and one.updated_time > newest}
    left = [one.id for one in found if one.id not in moved]
    expected = [one.id for one in inbox if one.id not in moved]
    return bool(left) and left == expected[: len(left)]
