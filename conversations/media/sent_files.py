"""Files that users have sent, as long as Facebook has shown no link to them: those of the outbox."""

from io import BytesIO

from conversations.media.archive import KeptFile
from conversations.media.byte_range import ByteRange
from conversations.media.file_types import HEAD_BYTES, type_of
from conversations.media.parts import attachment_at
from conversations.models import InteractionEvent, OutgoingPiece


class SentFile(KeptFile):
    def __init__(self, content: bytes, byte_range: ByteRange | None):
        super().__init__(BytesIO(content), len(content), byte_range)
        self.media_type = type_of(content[:HEAD_BYTES])


def open_sent(event: InteractionEvent, index: int, byte_range: ByteRange | None) -> SentFile | None:
    """Open the file of a message of ours; None if it is not kept here, or no longer."""
    if not event.graph_id or not attachment_at(event, index).is_kept:
        return None
    pieces = OutgoingPiece.objects.filter(
        message__conversation=event.conversation_id, message__graph_id=event.graph_id
    )
    content = b"".join(bytes(body) for body in pieces.order_by("pk").values_list("body", flat=True))
    return SentFile(content, byte_range) if content else None
