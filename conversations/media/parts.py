"""The parts of an attachment that are files, and their links."""

from enum import StrEnum

from conversations.connections.interactive import FacebookRefused, RefusalReason
from conversations.lib.attachments import Attachment, attachments_of
from conversations.media.links import is_of_facebook
from conversations.models import InteractionEvent

NO_LINK = "Facebook provides no link for this attachment."
ELSEWHERE = "This file is not at Facebook, so that it is not shown here."


class Part(StrEnum):
    """What of an attachment: its file, or the small picture that stands in its place."""

    CONTENT = "content"
    PREVIEW = "preview"


def attachment_at(event: InteractionEvent, index: int) -> Attachment:
    found = attachments_of(event.attachments, event.data, event.text)
    return found[index] if index < len(found) else Attachment("")


def link_of(event: InteractionEvent, index: int, part: Part) -> str:
    """Return the stored link of a part, which may have expired. Raises FacebookRefused if there is none."""
    found = attachment_at(event, index)
    url = found.picture if part is Part.PREVIEW else found.address if found.has_file else ""
    if not url:
        raise FacebookRefused(NO_LINK, RefusalReason.NOTHING)
    if not is_of_facebook(url):
        raise FacebookRefused(ELSEWHERE, RefusalReason.NOTHING)
    return url
