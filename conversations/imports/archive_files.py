"""Keeps the files of an archive where files of messages are kept at all (MEDIA_ARCHIVE).

Links in archives have expired, so these files are the only ones of their messages. Those of messages that
Facebook shows, too, spare a download.
"""

from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import NamedTuple, Protocol

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext_noop

from conversations.imports.own_conversations import Pair
from conversations.imports.staged_rows import events_of
from conversations.lib.locks import lock_rows
from conversations.lib.sql_files import read_statements
from conversations.lib.text import as_json
from conversations.media import archive
from conversations.media.download import CHUNK_BYTES, MAX_BYTES, DownloadFailed, FileTooLarge
from conversations.media.file_types import HEAD_BYTES
from conversations.media.parts import Part
from conversations.models import ArchivedPart, Page

STATEMENTS = read_statements(__file__)
State = ArchivedPart.State
NOT_THERE = gettext_noop("The archive does not have this file.")


class Stream(Protocol):
    """A file of the archive. Raises ValueError if it is damaged or too large."""

    def read(self, size: int, /) -> bytes: ...
    def close(self) -> None: ...


class Files(Protocol):
    def open_media(self, key: str) -> Stream: ...


class Wanted(NamedTuple):
    """A file of the archive, by its key, and the attachment that it is: its event and its number there."""

    event: int
    number: int
    key: str


class LocalFile:
    """A file of the archive while it is read, as media.archive.keep() reads a download."""

    def __init__(self, stream: Stream):
        self._stream, self._read, self._pushed_back = stream, 0, b""

    def read(self) -> bytes:
        """Return the next bytes, none at the end. Raises FileTooLarge."""
        if self._pushed_back:
            chunk, self._pushed_back = self._pushed_back, b""
            return chunk
        chunk = self._stream.read(CHUNK_BYTES)
        self._read += len(chunk)
        if self._read > MAX_BYTES:
            raise FileTooLarge
        return chunk

    def head(self) -> bytes:
        """Return the first bytes, which tell the type; read() returns them again."""
        head = b""
        while len(head) < HEAD_BYTES and (chunk := self.read()):
            head += chunk
        self._pushed_back = head
        return head


def keep_files(page: Page, files: Files, pairs: Iterable[Pair]) -> int:
    """Keep the files of the messages of these threads. Return how many are new. Their messages are stored."""
    if not settings.MEDIA_ARCHIVE:
        return 0
    return sum(_keep(page, files, wanted) for wanted in _wanted(pairs))


def _wanted(pairs: Iterable[Pair]) -> Iterator[Wanted]:
    keys = {
        (row.pk, name, index): key
        for row, thread, keys, _ in pairs
        for name, message in zip(keys, thread.messages, strict=True)
        for index, key in enumerate(message.media)
        if key
    }
    events = events_of({(thread, message) for thread, message, _ in keys}) if keys else {}
    items = {
        (events[thread, message], index): key
        for (thread, message, index), key in keys.items()
        if (thread, message) in events
    }
    if items:
        with connection.cursor() as cursor:
            cursor.execute(STATEMENTS["wanted"], {"items": as_json(list(items))})
            for event, number in cursor.fetchall():
                yield Wanted(event, number, items[event, number])


def _keep(page: Page, files: Files, wanted: Wanted) -> bool:
    try:
        part, _ = ArchivedPart.objects.get_or_create(
            event_id=wanted.event, index=wanted.number, part=Part.CONTENT, defaults={"page": page}
        )
    except IntegrityError:  # the message was deleted meanwhile
        return False
    try:
        with closing(files.open_media(wanted.key)) as stream:
            archive.keep(part, LocalFile(stream))
    except (OSError, KeyError, ValueError, DownloadFailed, archive.StorageFailed) as error:
        # A repeated import tries it again.
        reason = NOT_THERE if isinstance(error, OSError | KeyError | ValueError) else str(error)
        lost = ArchivedPart.objects.filter(pk=part.pk, state=State.WAITING, event__graph_id=None)
        lost.update(state=State.MISSING, reason=reason)
        return False
    _mark_kept(page, wanted)
    return True


@transaction.atomic
def _mark_kept(page: Page, wanted: Wanted) -> None:
    lock_rows([page.pk])
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS["mark_kept"], {"event": wanted.event, "index": wanted.number})
