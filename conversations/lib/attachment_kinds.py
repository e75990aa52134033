"""The kinds of attachments by which conversations are filtered."""

from enum import IntFlag
from typing import Any

from conversations.lib.attachments import UNAVAILABLE, attachments_of


class AttachmentKind(IntFlag):
    """The bits of Conversation.attachment_kinds.

    Links are no attachments, nor is what Facebook does not provide.
    """

    IMAGE = 1
    VIDEO = 2
    AUDIO = 4
    FILE = 8
    STICKER = 16
    CARD = 32
    OTHER = 64  # a mention in a story, or of an unknown type

    @property
    def names(self) -> list[str]:
        """The names of all kinds in it, as the API has them."""
        return [str(kind.name).lower() for kind in self]


ALL_KINDS = sum(AttachmentKind)
KINDS_BY_NAME = {str(kind.name).lower(): kind for kind in AttachmentKind}
NO_ATTACHMENTS = ("Link", UNAVAILABLE)


def kinds_of(attachments: Any, data: Any) -> int:
    """Return the kinds of all attachments of a stored message, as their bits."""
    kinds = AttachmentKind(0)
    for attachment in attachments_of(attachments, data, text="?"):  # without a text, one would be made up
        if attachment.kind not in NO_ATTACHMENTS:
            kinds |= KINDS_BY_NAME.get(attachment.kind.lower(), AttachmentKind.OTHER)
    return int(kinds)
