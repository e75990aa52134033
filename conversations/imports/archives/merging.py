"""Unites the files of a thread. Parts of an archive overlap, and later archives contain earlier ones.

A message has no ID. Files are therefore multisets: of equal messages, a thread has as many as the file with
the most of them.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from conversations.imports.archives.threads import ArchiveMessage

Key = tuple[int, bool, str]


def merge(files: Iterable[Sequence[ArchiveMessage]]) -> list[ArchiveMessage]:
    """Return all messages, oldest first, each with its ordinal. Each file is oldest first."""
    united: dict[tuple[Key, int], ArchiveMessage] = {}
    for messages in files:
        seen: Counter[Key] = Counter()
        for message in messages:
            key = (message.time_ms, message.is_from_page, message.content)
            place = (key, seen[key])
            seen[key] += 1
            known = united.get(place)
            if known is None:
                united[place] = replace(message, ordinal=place[1]) if place[1] else message
            elif is_richer(message, known):
                united[place] = replace(message, ordinal=place[1])
    return sorted(united.values(), key=lambda message: message.time_ms)


def is_richer(message: ArchiveMessage, known: ArchiveMessage) -> bool:
    """Whether this copy of a message says more: a later archive has more reactions, a part has the files."""
    return richness(message) > richness(known)


def richness(message: ArchiveMessage) -> tuple[int, int, str]:
    files = sum(map(bool, message.media))
    return files, len(message.reactions), repr((message.reactions, message.data, message.text, message.media))
