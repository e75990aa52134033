"""The header Range, by which players of video and audio request a part of a file."""

import re
from typing import NamedTuple

ONE_RANGE = re.compile(r"bytes=(\d{0,12})-(\d{0,12})", re.ASCII)


class ByteRange(NamedTuple):
    """`first` None: the last `last` bytes. `last` None: to the end."""

    first: int | None
    last: int | None

    @classmethod
    def parse(cls, header: str) -> "ByteRange | None":
        """Return None for a header that is to be ignored, such as one that names several ranges."""
        found = ONE_RANGE.fullmatch(header.strip())
        first, last = (int(part) if part else None for part in found.groups()) if found else (None, None)
        if first is not None:
            return cls(first, last) if last is None or last >= first else None
        return cls(None, last) if last else None

    def __str__(self) -> str:
        return f"bytes={'' if self.first is None else self.first}-{'' if self.last is None else self.last}"

    def within(self, total: int) -> tuple[int, int] | None:
        """Return the first and last byte of a file of this size; None if it has none of them."""
        if self.first is None:
            return (max(0, total - (self.last or 0)), total - 1) if total else None
        last = total - 1 if self.last is None else min(self.last, total - 1)
        return (self.first, last) if self.first <= last else None
