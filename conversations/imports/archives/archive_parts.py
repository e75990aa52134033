"""The parts of an archive: folders and zips that belong together, and reading from them."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from conversations.imports.archives.bounds import BoundedReader, Budget, EntryRefused, Limits, read_all
from conversations.imports.archives.containers import Container, Entry, Folder
from conversations.imports.archives.threads import ArchiveError, ArchiveOverview
from conversations.imports.archives.zip_files import ZipArchive


class Located(NamedTuple):
    part: int
    entry: Entry


class Parts:
    """Close it after use. Raises ArchiveError."""

    def __init__(self, paths: Sequence[Path], limits: Limits):
        self.limits = limits
        self._stack = ExitStack()
        self._containers: list[Container] = []
        with ExitStack() as opening:  # closes what is open if a later part is refused
            opening.callback(self.close)
            for path in dict.fromkeys(path.resolve() for path in paths):
                container = self._open(path)
                self._stack.callback(container.close)
                self._containers.append(container)
            opening.pop_all()

    def _open(self, path: Path) -> Container:
        if path.is_dir():
            return Folder(path, self.limits)
        if not path.is_file():
            raise ArchiveError(f"There is no file or folder {path}.")
        return ZipArchive(path, self.limits)

    def close(self) -> None:
        self._stack.close()

    @property
    def paths(self) -> list[Path]:
        return [container.path for container in self._containers]

    def entries(self, overview: ArchiveOverview) -> Iterator[Located]:
        """Yield all regular files, and count what is refused."""
        left = self.limits.entries
        for number, container in enumerate(self._containers):
            for entry in container.entries(left):
                left -= 1
                yield Located(number, entry)
            for name, reason in container.refused:
                overview.skip(name, reason)

    def reader(self, at: Located, max_bytes: int) -> BoundedReader:
        """Open a file. Raises EntryRefused, also while it is read."""
        return self._containers[at.part].open(at.entry, max_bytes)

    def read_json(self, at: Located, budget: Budget) -> bytes:
        """Return all of a file. Raises EntryRefused."""
        with self.reader(at, self.limits.json_bytes) as reader:
            content = read_all(reader, budget)
        if content.count(b",") > self.limits.json_commas:
            raise EntryRefused("too_large")
        return content
