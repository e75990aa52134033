"""Opens the file of an attachment, wherever it is."""

from typing import NamedTuple, Protocol

from django.conf import settings

from conversations.connections.interactive import FacebookRefused, RefusalReason
from conversations.lib.request_scope import release_connection
from conversations.media.archive import kept_part, open_kept
from conversations.media.archive_queue import queue_parts
from conversations.media.byte_range import ByteRange
from conversations.media.download import DownloadFailed, LinkExpired, open_file, type_at
from conversations.media.file_types import type_of
from conversations.media.links import may_work
from conversations.media.parts import Part, attachment_at, link_of
from conversations.media.renewal import GONE, renew
from conversations.media.sent_files import open_sent
from conversations.models import InteractionEvent


class Source(Protocol):
    """A file, or the part of it from `first` to `last`, while it is read. `total`: the size of the file."""

    total: int | None
    is_part: bool
    first: int
    last: int | None

    def read(self) -> bytes: ...
    def close(self) -> None: ...


class Content(NamedTuple):
    source: Source
    media_type: str  # by its first bytes
    name: str


def open_content(
    event: InteractionEvent, index: int, part: Part, user, byte_range: ByteRange | None = None
) -> Content:
    """Open a part of an attachment; `index` counts attachments_of() from 0. The caller closes the source.

    Raises FacebookRefused and TooManyRequests. An expired link is renewed first.
    """
    if file := kept_part(event, index, part):
        if kept := open_kept(file, byte_range):
            return Content(kept, file.media_type, str(attachment_at(event, index).name))
    elif sent := open_sent(event, index, byte_range):
        return Content(sent, sent.media_type, str(attachment_at(event, index).name))
    elif settings.MEDIA_ARCHIVE:
        queue_parts([event])
    try:
        return _open_at_facebook(event, index, part, user, byte_range)
    except DownloadFailed as error:
        raise FacebookRefused(str(error), RefusalReason.FACEBOOK) from None


def _open_at_facebook(
    event: InteractionEvent, index: int, part: Part, user, byte_range: ByteRange | None
) -> Content:
    url = link_of(event, index, part)
    if may_work(url):
        try:
            return _open(event, index, url, byte_range)
        except LinkExpired:
            pass
    event = renew(event, user)
    try:
        return _open(event, index, link_of(event, index, part), byte_range)
    except LinkExpired:
        raise FacebookRefused(GONE, RefusalReason.GONE) from None


def _open(event: InteractionEvent, index: int, url: str, byte_range: ByteRange | None) -> Content:
    release_connection()  # while Facebook's file server is waited for
    download = open_file(url, str(byte_range or ""))
    try:
        # Only the beginning tells the type.
        media_type = type_at(url) if download.first else type_of(download.head())
    except BaseException:
        download.close()
        raise
    return Content(download, media_type, str(attachment_at(event, index).name))
