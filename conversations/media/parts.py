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


def parts_to_keep(event: InteractionEvent) -> list[tuple[int, Part]]:
    """Return what the archive keeps of a message. The small picture of a picture is not worth it."""
    found = attachments_of(event.attachments, event.data, event.text)
    parts: list[tuple[int, Part]] = []
    for index, one in enumerate(found):
        has_content = one.has_file and is_of_facebook(one.address)
        parts += [(index, Part.CONTENT)] if has_content else []
        if is_of_facebook(one.preview) and not (has_content and one.show in ("picture", "sticker")):
            parts.append((index, Part.PREVIEW))
    return parts
