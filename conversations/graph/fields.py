"""What we ask Graph for, and how much of it at once."""

from dataclasses import dataclass

CONVERSATIONS_PER_CALL = (100, 50, 25, 10, 1)
MESSAGES_PER_CALL = (100, 50, 25, 10, 1)
NESTED_MESSAGES = 25

# `shares` and `attachments` return little unless their own fields are named.
_SHARES = "shares{id,link,name,description,picture,template}"
_ATTACHMENTS = "attachments{id,mime_type,name,size,image_data,video_data,file_url,generic_template}"


@dataclass(frozen=True)
class Fields:
    conversation: str  # with its newest messages
    light: str  # a conversation without them
    message: str


def _fields(conversation: str, message: str) -> Fields:
    nested = f"messages.limit({NESTED_MESSAGES}){{{message}}}"
    return Fields(f"{conversation},{nested}", conversation, message)


DOCUMENTED = _fields("id,updated_time,participants", "id,created_time,from,to,message,attachments")
EVERYTHING = _fields(
    "id,updated_time,participants,senders,message_count,unread_count,snippet,can_reply",
    "id,created_time,from,to,message,sticker,tags,reactions,reply_to,story,is_unsupported,"
    f"{_ATTACHMENTS},{_SHARES}",
)
