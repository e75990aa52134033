"""How a message's attachments are shown: the same in REST, on the inbox page and in the admin."""

from typing import NamedTuple

from django.urls import reverse

from conversations.lib.attachments import Attachment, attachments_of
from conversations.media.links import is_of_facebook
from conversations.models import InteractionEvent

SHOWN_AS = ("picture", "sticker", "video", "audio", "card", "file", "text")

SHOWN_BY_CONTENT = SHOWN_AS[:4]


class Displayed(NamedTuple):
    """An attachment, and the addresses of it on this host, which keep working; None where there is none.

    `url` leads to the file at Facebook or to the target of a link, `content` is the file itself, `preview`
    the small picture of it.
    """

    attachment: Attachment
    show: str  # one of SHOWN_AS
    url: str | None
    content: str | None
    preview: str | None


def displayed(event: InteractionEvent) -> list[Displayed]:
    found = attachments_of(event.attachments, event.data, event.text)
    return [_displayed(event, index, attachment) for index, attachment in enumerate(found)]


def _displayed(event: InteractionEvent, index: int, attachment: Attachment) -> Displayed:
    def route(name: str) -> str:
        return reverse(name, args=[event.conversation_id, event.pk, index])

    has_content = attachment.is_kept or (attachment.has_file and is_of_facebook(attachment.address))
    is_kept_picture = attachment.is_kept and attachment.show in ("picture", "sticker")
    has_preview = is_kept_picture or is_of_facebook(attachment.picture)
    show = attachment.show
    if show in SHOWN_BY_CONTENT and not has_content:
        show = "file"
    return Displayed(
        attachment,
        show,
        route("attachment") if attachment.has_file else attachment.address or None,
        route("attachment-content") if has_content else None,
        route("attachment-preview") if has_preview else None,
    )
