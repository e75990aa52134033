"""An archive of messages, in one or several parts: what it holds, and its threads one at a time.

Each pass reads the files of one thread after the other, so memory depends on the longest thread only.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from conversations.imports.archives.archive_parts import Parts
from conversations.imports.archives.bounds import BoundedReader, EntryRefused, Limits
from conversations.imports.archives.message_conversion import Names
from conversations.imports.archives.overviewing import Overviewer
from conversations.imports.archives.repair import Repairer
from conversations.imports.archives.sorted_files import list_contents
from conversations.imports.archives.thread_reader import ThreadReader
from conversations.imports.archives.threads import ArchiveOverview, ArchiveThread


class Archive:
    """Folders and zips that belong together. Raises ArchiveError, whose text is for the user.

    Close it after use, or use it in a `with` statement.
    """

    def __init__(self, paths: Sequence[Path], limits: Limits | None = None):
        self.overview = ArchiveOverview()
        self._parts = Parts(paths, limits or Limits())
        try:
            contents = list_contents(self._parts, self.overview)
            self._media = contents.media
            self._threads = Overviewer(self._parts, contents, self.overview).look()
        except BaseException:
            self.close()
            raise
        self._skipped, self._problems = Counter(self.overview.skipped), list(self.overview.problems)

    def close(self) -> None:
        self._parts.close()

    def __enter__(self) -> "Archive":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def threads(self, business_names: Collection[str]) -> Iterator[ArchiveThread]:
        """Yield the threads in which one of these names takes part, sorted by key.

        The overview counts what is left out; a further call counts it again from the beginning.
        """
        self.overview.skipped, self.overview.problems = Counter(self._skipped), list(self._problems)
        self.overview.gaps, repairer = {}, Repairer()
        reader = ThreadReader(self._parts, self._media, self.overview, Names(business_names), repairer)
        for thread in self._threads:
            found = reader.read(thread)
            self.overview.unrepaired = repairer.failed
            if found and found.gaps:
                self.overview.gaps[found.key] = found.gaps
            if found:
                yield found

    def open_media(self, key: str) -> BoundedReader:
        """Open a file by its key in `ArchiveMessage.media`. Raises EntryRefused, also while it is read."""
        if key not in self._media:
            raise EntryRefused("damaged")
        return self._parts.reader(self._media[key], self._parts.limits.media_bytes)
