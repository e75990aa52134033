"""Unites the files of a thread. Parts of an archive overlap, and later archives contain earlier ones.

A message has no ID. Files are therefore multisets: of equal messages, a thread has as many as the file with
the most of them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from conversations.imports.archives.threads import ArchiveMessage

Key = tuple[int, bool, str, int]


def merge(files: Iterable[Sequence[ArchiveMessage]]) -> list[ArchiveMessage]:
    """Return all messages, oldest first, each with its ordinal. Each file is oldest first."""
    united: dict[Key, ArchiveMessage] = {}
    for messages in map(_by_key, files):
        if not united:  # most threads have one file
            united = messages
            continue
        for key, message in messages.items():
            known = united.get(key)
            if known is None or is_richer(message, known):
                united[key] = message
    return sorted(united.values(), key=lambda message: message.time_ms)


def _by_key(messages: Iterable[ArchiveMessage]) -> dict[Key, ArchiveMessage]:
    """Return the messages of a file by what they are, with their ordinals."""
    found: dict[Key, ArchiveMessage] = {}
    counts: dict[Key, int] = {}  # of equal messages: only a few have any
    for message in messages:
        key = (message.time_ms, message.is_from_page, message.content, 0)
        if key in found:
            counts[key] = ordinal = counts.get(key, 0) + 1
            key = (*key[:3], ordinal)
        found[key] = message if message.ordinal == key[3] else replace(message, ordinal=key[3])
    return found


def is_richer(message: ArchiveMessage, known: ArchiveMessage) -> bool:
    """Whether this copy of a message says more: a later archive has more reactions, a part has the files."""
    return richness(message) > richness(known)


def richness(message: ArchiveMessage) -> tuple[int, int, str]:
    files = sum(map(bool, message.media))
    return files, len(message.reactions), repr((message.reactions, message.data, message.text, message.media))
