"""The archive: files of attachments in Django's storage `media`, each content once."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from hashlib import sha256
from tempfile import SpooledTemporaryFile
from typing import IO, Protocol

from django.core.files import File
from django.core.files.storage import storages
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from conversations.lib.locks import lock_file
from conversations.media.byte_range import ByteRange
from conversations.media.download import CHUNK_BYTES
from conversations.media.file_types import type_of
from conversations.media.parts import Part
from conversations.models import ArchivedPart, Conversation, InteractionEvent, MediaFile

IN_MEMORY_BYTES = 1024 * 1024
UNUSED_AT_ONCE = 500
State = ArchivedPart.State


class StorageFailed(Exception):
    """The storage is away or full, or does not have the file. The text has no address and no key."""


@contextmanager
def storage_errors() -> Iterator[None]:
    """Raise StorageFailed for what the storage raises: OSError, or errors of its own library."""
    try:
        yield
    except Exception as error:
        raise StorageFailed(f"the storage of files failed ({type(error).__name__})") from error


class KeptFile:
    """A file of the archive, or a part of it, while it is read. See media.contents.Source."""

    def __init__(self, stored: IO[bytes], total: int, byte_range: ByteRange | None):
        span = byte_range.within(total) if byte_range else None
        self.total: int | None = total
        self.is_part = span is not None
        self.first = span[0] if span else 0
        self.last = span[1] if span else None
        self._stored, self._left = stored, (span[1] - span[0] + 1) if span else total
        stored.seek(self.first)

    def read(self) -> bytes:
        chunk = self._stored.read(min(CHUNK_BYTES, self._left))
        self._left -= len(chunk)
        return chunk

    def close(self) -> None:
        self._stored.close()


def kept_part(event: InteractionEvent, index: int, part: Part) -> MediaFile | None:
    """Return the file that is kept of this attachment; that of a picture also stands in its place."""
    if event.data.get("deleted"):
        return None
    kept = ArchivedPart.objects.filter(event=event.pk, index=index, state=State.KEPT).select_related("file")
    files = {one.part: one.file for one in kept}
    content = files.get(Part.CONTENT)
    if part is Part.PREVIEW and content and content.media_type.startswith("image/"):
        return files.get(Part.PREVIEW) or content
    return files.get(part)


def open_kept(file: MediaFile, byte_range: ByteRange | None) -> KeptFile | None:
    """Open a file; None if the storage is away or does not have it, as after a restored backup."""
    try:
        with storage_errors():
            return KeptFile(storages["media"].open(file.path), file.size, byte_range)
    except StorageFailed:
        return None


class Readable(Protocol):
    """A file from its beginning: a download, or a file that is here already."""

    def read(self) -> bytes: ...
    def head(self) -> bytes: ...


def keep(part: ArchivedPart, download: Readable) -> int:
    """Store what is read as this part. Returns its size. Raises DownloadFailed and StorageFailed."""
    with SpooledTemporaryFile(IN_MEMORY_BYTES) as content:
        digest, size, head = sha256(), 0, download.head()
        while chunk := download.read():
            content.write(chunk)
            digest.update(chunk)
            size += len(chunk)
        _store(part, content, MediaFile(digest=digest.hexdigest(), size=size, media_type=type_of(head)))
    return size


def _store(part: ArchivedPart, content: SpooledTemporaryFile, file: MediaFile) -> None:
    # The row first, in a transaction of its own: whatever happens, the content never is without one.
    MediaFile.objects.get_or_create(
        digest=file.digest, defaults={"size": file.size, "media_type": file.media_type}
    )
    with transaction.atomic():
        lock_file(file.digest)
        storage = storages["media"]
        MediaFile.objects.get_or_create(
            digest=file.digest, defaults={"size": file.size, "media_type": file.media_type}
        )
        content.seek(0)
        with storage_errors():
            if not storage.exists(file.path):
                storage.save(file.path, File(content, file.path))
        # The message may have been unsent or deleted meanwhile.
        ArchivedPart.objects.filter(pk=part.pk).update(state=State.KEPT, reason="", file=file)


def digests_of(conversations: QuerySet[Conversation]) -> list[str]:
    """Return the files that are kept of these conversations; others may have the same."""
    parts = ArchivedPart.objects.filter(event__conversation__in=conversations, state=State.KEPT)
    return list(parts.order_by().values_list("file", flat=True).distinct())


def remove_unused(digests: Iterable[str] | None = None) -> int:
    """Remove files that no attachment refers to from the storage: these, or any. Returns how many.

    Raises StorageFailed; what is left then is removed by the next call for any.
    """
    unused = MediaFile.objects.filter(parts=None)
    unused = (
        unused.filter(digest__in=digests) if digests is not None else unused.filter(created_at__lt=_before())
    )
    found = list(unused.values_list("digest", flat=True)[:UNUSED_AT_ONCE])
    return sum(map(_remove, found))


def _before() -> datetime:
    """A file that is being stored has a row, but no attachment yet."""
    return timezone.now() - timedelta(minutes=10)


@transaction.atomic
def _remove(digest: str) -> bool:
    lock_file(digest)
    file = MediaFile.objects.filter(digest=digest, parts=None).first()
    if file is None:
        return False
    with storage_errors():
        storages["media"].delete(file.path)
    file.delete()
    return True
