"""The bounds of an archive.

What a zip says of its sizes may be wrong, so bytes are counted while they are read.
"""

from dataclasses import dataclass
from typing import BinaryIO

from conversations.imports.archives.threads import ArchiveError

MB = 1024**2
CHUNK = MB


@dataclass(frozen=True, slots=True)
class Limits:
    entries: int = 500_000  # of all parts together
    directory_bytes: int = 256 * MB  # of the list of entries of a zip
    json_bytes: int = 64 * MB  # of one file
    json_commas: int = 4_000_000  # of one file: values may need thirty times their bytes as objects
    media_bytes: int = 2048 * MB  # of one file
    total_bytes: int = 8192 * MB  # of all files with JSON
    ratio: int = 200  # of the bytes of an entry to its compressed ones; messages reach about 30
    ratio_from: int = MB  # smaller files may have any ratio


class EntryRefused(ValueError):
    """An entry is not read. `reason` is a key of `ArchiveOverview.skipped`."""

    def __init__(self, reason: str):
        super().__init__(reason)
        self.reason = reason


class Budget:
    """Counts the bytes of one pass through the archive."""

    def __init__(self, limits: Limits):
        self._limits, self._left = limits, limits.total_bytes

    def spend(self, count: int) -> None:
        self._left -= count
        if self._left < 0:
            size = self._limits.total_bytes // MB
            raise ArchiveError(f"The archive has more than {size:,} MB of messages; import it in parts.")


class BoundedReader:
    """Reads an entry up to `max_bytes`. `compressed`: its bytes in the zip, None outside of one."""

    def __init__(self, source: BinaryIO, max_bytes: int, limits: Limits, compressed: int | None):
        self._source, self._max_bytes = source, max_bytes
        self._limits, self._compressed, self._count = limits, compressed, 0

    def read(self, size: int = CHUNK) -> bytes:
        """Return at most `size` bytes, b"" at the end. Raises EntryRefused."""
        data = self._source.read(size if 0 < size < CHUNK else CHUNK)
        self._count += len(data)
        if self._count > self._max_bytes:
            raise EntryRefused("too_large")
        if self._compressed is not None and self._count > self._limits.ratio_from:
            self._check_ratio(self._compressed)
        return data

    def _check_ratio(self, compressed: int) -> None:
        if self._count > self._limits.ratio * max(compressed, 1):
            raise EntryRefused("too_compressed")

    def close(self) -> None:
        self._source.close()

    def __enter__(self) -> "BoundedReader":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def read_all(reader: BoundedReader, budget: Budget) -> bytes:
    parts = []
    while data := reader.read():
        budget.spend(len(data))
        parts.append(data)
    return b"".join(parts)
