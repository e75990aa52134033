"""The fields that we request from Graph, and how many items at once."""

from functools import lru_cache

# Conversations per request, and messages of each nested in it. We want 25; the 26th proves that there is no
# gap to the stored messages.
LIST_SIZES: tuple[tuple[int, int], ...] = (
    (100, 26),
    (100, 25),
    (50, 25),
    (25, 25),
    (10, 25),
    (5, 10),
    (1, 10),
    (1, 1),
)
MESSAGES_PER_CALL = (100, 50, 25, 10, 1)
# Facebook shows only this many messages of an Instagram thread, the newest. Source: Messenger Platform,
# Conversations API.
INSTAGRAM_WINDOW = 20
ID_ONLY = "id,updated_time"

# `shares` and `attachments` return little unless their own fields are named.
_SHARES = "shares{id,link,name,description,picture,template}"
_ATTACHMENTS = "attachments{id,mime_type,name,size,image_data,video_data,file_url,generic_template}"
_CORE = {
    "conversation": "id,updated_time,participants",
    "message": "id,created_time,from,to,message,attachments",
}
_ALL = {
    "conversation": "id,updated_time,participants,senders,message_count,unread_count,snippet,can_reply",
    "message": "id,created_time,from,to,message,sticker,tags,reactions,reply_to,story,is_unsupported,"
    f"{_ATTACHMENTS},{_SHARES}",
}


def list_sizes(platform: str) -> tuple[tuple[int, int], ...]:
    """Return the (conversations, messages of each) to try, largest first."""
    if platform != "instagram":
        return LIST_SIZES
    fewer = ((count, min(messages, INSTAGRAM_WINDOW)) for count, messages in LIST_SIZES)
    return tuple(dict.fromkeys(fewer))


def message_sizes(platform: str) -> tuple[int, ...]:
    """Return the numbers of messages to try, largest first."""
    if platform != "instagram":
        return MESSAGES_PER_CALL
    return (INSTAGRAM_WINDOW, *(size for size in MESSAGES_PER_CALL if size < INSTAGRAM_WINDOW))


@lru_cache
def conversation(messages: int, *, core: bool) -> str:
    """Return the fields of a conversation with this many of its newest messages."""
    return f"{without_messages(core=core)},messages.limit({messages}){{{message(core=core)}}}"


def without_messages(*, core: bool) -> str:
    """Return the fields of a conversation without messages; with `core` only the documented ones."""
    return (_CORE if core else _ALL)["conversation"]


def message(*, core: bool) -> str:
    return (_CORE if core else _ALL)["message"]
