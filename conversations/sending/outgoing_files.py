"""Files that users send: which ones Facebook takes, and their pieces in the database until they are sent.

They are in the database because the worker that sends them may be on another machine.
"""

from typing import BinaryIO, NamedTuple

from django.utils.translation import gettext

from conversations.lib.text import clean
from conversations.media.file_types import HEAD_BYTES, UNKNOWN, type_of
from conversations.models import OutgoingMessage, OutgoingPiece, Platform

MAX_BYTES = 25 * 2**20
PIECE_BYTES = 2**20
MAX_NAME = 200  # characters
# What Messenger takes as an image, a video or a recording; as a file these, and documents by their names.
MESSENGER = {
    "image/gif",
    "image/jpeg",
    "image/png",
    "video/mp4",
    "video/quicktime",
    "video/webm",
    "audio/aac",
    "audio/mp4",
    "audio/mpeg",
    "audio/ogg",
    "audio/wav",
    "application/pdf",
}
INSTAGRAM = MESSENGER - {"video/webm", "audio/ogg"}
DOCUMENTS = {
    "csv": "text/csv",
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "ics": "text/calendar",
    "odp": "application/vnd.oasis.opendocument.presentation",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "odt": "application/vnd.oasis.opendocument.text",
    "ppt": "application/vnd.ms-powerpoint",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "txt": "text/plain",
    "xls": "application/vnd.ms-excel",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "zip": "application/zip",
}
MAX_INSTAGRAM_IMAGE = 8 * 2**20
KINDS = {"image", "video", "audio"}


class FileRefused(ValueError):
    """Facebook would refuse the file. The text says why, for people."""


class OutgoingFile(NamedTuple):
    """A file to send. Its kind is one of Facebook's: image, video, audio or file."""

    kind: str
    name: str
    media_type: str
    content: bytes


def read_file(name: str, source: BinaryIO | bytes, platform: str) -> OutgoingFile:
    """Return the file if Facebook takes it on this platform. Raises FileRefused.

    Its first bytes tell what it is, not its name and not what a browser says.
    """
    content = source if isinstance(source, bytes) else source.read(MAX_BYTES + 1)
    if not content:
        raise FileRefused(gettext("The file is empty."))
    name = clean(name.replace("\\", "/").rpartition("/")[2].strip())[-MAX_NAME:] or gettext("file")
    media_type = _type_of(content, name, platform)
    kind = media_type.partition("/")[0]
    _check_size(len(content), kind, platform)
    return OutgoingFile(kind if kind in KINDS else "file", name, media_type, content)


def _type_of(content: bytes, name: str, platform: str) -> str:
    media_type = type_of(content[:HEAD_BYTES])
    if media_type in (INSTAGRAM if platform == Platform.INSTAGRAM else MESSENGER):
        return media_type
    document = DOCUMENTS.get(name.rpartition(".")[2].lower())
    if platform == Platform.MESSENGER and media_type == UNKNOWN and document:
        return document
    raise FileRefused(
        gettext("Instagram takes pictures (JPEG, PNG, GIF), videos, recordings and PDF files only.")
        if platform == Platform.INSTAGRAM
        else gettext("Facebook does not take files of this type.")
    )


def _check_size(size: int, kind: str, platform: str) -> None:
    is_small = platform == Platform.INSTAGRAM and kind == "image"
    most = MAX_INSTAGRAM_IMAGE if is_small else MAX_BYTES
    if size > most:
        raise FileRefused(
            gettext("The file is too large: at most %(number)s MB.") % {"number": most // 2**20}
        )


def store_file(message: OutgoingMessage, file: OutgoingFile) -> None:
    pieces = (file.content[start : start + PIECE_BYTES] for start in range(0, len(file.content), PIECE_BYTES))
    for piece in pieces:
        OutgoingPiece.objects.create(message=message, body=piece)


def stored_content(message: OutgoingMessage) -> bytes:
    return b"".join(bytes(piece.body) for piece in message.pieces.order_by("pk"))
