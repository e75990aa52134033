"""A zip as a container. It may be hostile: sizes, names and links in it prove nothing."""

import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from conversations.imports.archives.bounds import BoundedReader, EntryRefused, Limits
from conversations.imports.archives.containers import Entry, too_many
from conversations.imports.archives.entry_names import UnsafeName, is_junk, safe_name
from conversations.imports.archives.threads import ArchiveError

ENCRYPTED, UTF8_NAME = 0x1, 0x800  # bits of an entry's flags
READABLE = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
END, END_64, LOCATOR_64, ENTRY = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07", b"PK\x01\x02"
MAX_END_BYTES = 22 + 65_535 + 76  # with the longest comment, and the records of zip64
# What zipfile raises for a file that is no zip, or a damaged one.
DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    OSError,
    RuntimeError,
    ValueError,
    struct.error,
)


class ZipArchive:
    def __init__(self, path: Path, limits: Limits):
        self.path, self._limits = path, limits
        self.refused: list[tuple[str, str]] = []
        try:
            count_entries(path, limits)
            self._zip = zipfile.ZipFile(path)
        except DAMAGE:
            raise ArchiveError(f"{path} is not a zip file, or it is damaged: download it again.") from None

    def entries(self, max_count: int) -> Iterator[Entry]:
        for count, info in enumerate(self._zip.infolist()):
            if count >= max_count:
                raise too_many(max_count)
            if entry := self._entry(info):
                yield entry

    def _entry(self, info: zipfile.ZipInfo) -> Entry | None:
        name = name_of(info)
        if info.is_dir() or is_junk(name):
            return None
        reason = refusal(info)
        if not reason:
            try:
                return Entry(safe_name(name), info)
            except UnsafeName:
                reason = "unsafe_name"
        self.refused.append((name, reason))
        return None

    def open(self, entry: Entry, max_bytes: int) -> BoundedReader:
        try:
            source = ZipSource(cast(BinaryIO, self._zip.open(entry.address)))
        except DAMAGE:
            raise EntryRefused("damaged") from None
        stream = cast(BinaryIO, source)
        return BoundedReader(stream, max_bytes, self._limits, entry.address.compress_size)

    def close(self) -> None:
        self._zip.close()


class ZipSource:
    """Reads an entry; each kind of damage is one error."""

    def __init__(self, source: BinaryIO):
        self._source = source

    def read(self, size: int) -> bytes:
        try:
            return self._source.read(size)
        except DAMAGE:
            raise EntryRefused("damaged") from None

    def close(self) -> None:
        self._source.close()


def refusal(info: zipfile.ZipInfo) -> str:
    """Return why an entry is not read; empty if it may be."""
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        return "no_regular_file"
    if info.flag_bits & ENCRYPTED:
        return "encrypted"
    return "" if info.compress_type in READABLE else "unknown_compression"


def name_of(info: zipfile.ZipInfo) -> str:
    """Return the name of an entry. Without the flag it is in any encoding, mostly UTF-8 nevertheless."""
    if info.flag_bits & UTF8_NAME or info.orig_filename.isascii():
        return info.orig_filename
    try:
        return info.orig_filename.encode("cp437").decode()
    except UnicodeError:
        return info.orig_filename


def count_entries(path: Path, limits: Limits) -> None:
    """Refuse a list of entries that is too long, before zipfile loads the whole of it."""
    with path.open("rb") as file:
        length = file.seek(0, 2)
        file.seek(max(0, length - MAX_END_BYTES))
        tail = file.read()
        size = directory_size(tail)
        if size > limits.directory_bytes:
            raise too_many(limits.entries)
        file.seek(max(0, length - len(tail) - size))
        count = 0
        while data := file.read(16 * 1024**2):
            count += data.count(ENTRY)
    if count > limits.entries:  # only a hostile name has these bytes, too
        raise too_many(limits.entries)


def directory_size(tail: bytes) -> int:
    """Return the bytes of the list of entries, as the end of the file says."""
    position = tail.rfind(END)
    if position < 0 or len(tail) < position + 22:
        raise zipfile.BadZipFile
    # In a large zip, two more records of 56 and 20 bytes stand before it, where zipfile looks for them.
    if tail[position - 20 : position - 16] == LOCATOR_64 and tail[position - 76 : position - 72] == END_64:
        return struct.unpack_from("<Q", tail, position - 76 + 40)[0]
    return struct.unpack_from("<L", tail, position + 12)[0]
