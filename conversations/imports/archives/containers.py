"""A part of an archive as a list of entries: a folder, or a zip (zip_files.py). Nothing is extracted."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Protocol

from conversations.imports.archives.bounds import BoundedReader, EntryRefused, Limits
from conversations.imports.archives.entry_names import UnsafeName, is_junk, safe_name
from conversations.imports.archives.threads import ArchiveError

PARENTS = 6  # folders above the one that was named that may tell what it is: ROOT/messages/inbox/THREAD


class Entry(NamedTuple):
    """A regular file. `address` is known to its container alone."""

    name: str
    address: Any


class Container(Protocol):
    path: Path
    refused: list[tuple[str, str]]  # the names of entries that are left out, each with the reason

    def entries(self, max_count: int) -> Iterator[Entry]:
        """Yield at most `max_count` entries; raises ArchiveError if there are more."""
        ...

    def open(self, entry: Entry, max_bytes: int) -> BoundedReader:
        """Raises EntryRefused if it cannot be opened."""
        ...

    def close(self) -> None: ...


def too_many(max_count: int) -> ArchiveError:
    return ArchiveError(f"The archive has more than {max_count:,} files.")


class Folder:
    """An unpacked archive. The names of the folders above it count, because they tell whose archive it is."""

    def __init__(self, path: Path, limits: Limits):
        self.path, self._limits = path, limits
        self.refused: list[tuple[str, str]] = []
        self._prefix = "/".join(path.resolve().parts[1:][-PARENTS:])

    def entries(self, max_count: int) -> Iterator[Entry]:
        count = 0
        for folder, folders, names in os.walk(self.path):  # links to folders are not followed
            relative = os.path.relpath(folder, self.path)
            for name in (*(each for each in folders if os.path.islink(os.path.join(folder, each))), *names):
                if (count := count + 1) > max_count:
                    raise too_many(max_count)
                if entry := self._entry(relative, os.path.join(folder, name), name):
                    yield entry

    def _entry(self, relative: str, path: str, name: str) -> Entry | None:
        # On Linux the name of a file may be any bytes.
        shown = os.fsencode(os.path.join(self._prefix, relative, name)).decode(errors="replace")
        if is_junk(shown):
            return None
        try:
            if stat.S_ISREG(os.lstat(path).st_mode):
                return Entry(safe_name(shown), path)
            reason = "no_regular_file"
        except UnsafeName:
            reason = "unsafe_name"
        except OSError:
            reason = "damaged"
        self.refused.append((shown, reason))
        return None

    def open(self, entry: Entry, max_bytes: int) -> BoundedReader:
        try:  # it may have become a link or a pipe since it was listed
            number = os.open(entry.address, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            raise EntryRefused("damaged") from None
        source: BinaryIO = os.fdopen(number, "rb")
        if not stat.S_ISREG(os.fstat(number).st_mode):
            source.close()
            raise EntryRefused("no_regular_file")
        return BoundedReader(source, max_bytes, self._limits, None)

    def close(self) -> None:
        pass
