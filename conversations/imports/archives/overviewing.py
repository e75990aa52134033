"""The first pass through an archive: which threads there are, and whose they are."""

import hashlib
from dataclasses import dataclass, field
from typing import NamedTuple

from conversations.imports.archives import layout
from conversations.imports.archives.archive_parts import Located, Parts
from conversations.imports.archives.bounds import Budget, EntryRefused
from conversations.imports.archives.layout import Owner
from conversations.imports.archives.owner_names import NameCounter, former_names, profile_names, suggest
from conversations.imports.archives.repair import Repairer
from conversations.imports.archives.sorted_files import Contents
from conversations.imports.archives.thread_json import NoJson, ThreadHead, read_head
from conversations.imports.archives.threads import FILE_REASONS, ArchiveError, ArchiveOverview
from conversations.lib.labels import name_key

HTML = (
    "This archive is in HTML, which has no exact times: export your information again in Accounts Center and"
    " choose the format JSON."
)
NOTHING = (
    "There are no messages in it: an archive has folders messages/inbox/THREAD with files message_1.json."
)
INNER_ZIPS = " It has zip files inside: name those instead."
DIGEST_BYTES = 16


class File(NamedTuple):
    """A readable file of a thread. `parent`: the key of its folder."""

    at: Located
    parent: str
    number: int
    digest: bytes


@dataclass
class Thread:
    """The files of one thread, in all parts; `numbers` are those of all its files, unreadable ones too."""

    key: str
    thread_id: str
    owner: Owner
    files: list[File] = field(default_factory=list)
    numbers: set[int] = field(default_factory=set)
    heads: list[ThreadHead] = field(default_factory=list)


class Overviewer:
    def __init__(self, parts: Parts, contents: Contents, overview: ArchiveOverview):
        self._parts, self._contents, self._overview = parts, contents, overview
        self._budget, self._repairer = Budget(parts.limits), Repairer()
        self._threads: dict[tuple[str, str], Thread] = {}

    def look(self) -> list[Thread]:
        """Fill the overview and return all threads, by key. Raises ArchiveError if there are none."""
        self._read_threads()
        self._read_flat_files()
        threads = [thread for thread in self._threads.values() if thread.files]
        self._count_html()
        if not threads:
            raise ArchiveError(self._describe_nothing())
        self._overview.threads, self._overview.kind = len(threads), kind_of(threads).value
        self._find_names(threads)
        return sorted(threads, key=lambda thread: (thread.key, thread.owner))

    # -- threads -------------------------------------------------------------------------------------------
    def _read_threads(self) -> None:
        for found, at in sorted(self._contents.threads, key=lambda one: (one[0].folder, one[0].number)):
            content = self._read(at)
            owner = found.owner
            if owner is Owner.UNKNOWN and content:
                owner = layout.owner_in(content)
            if owner is Owner.UNKNOWN:
                owner = self._contents.owner_without_root(at.part)
            thread = self._thread(found.folder, layout.thread_id_of(found.folder), owner)
            thread.numbers.add(found.number)
            if content is not None and (head := self._head(at, content)):
                self._add(thread, head, File(at, found.parent, found.number, digest_of(content)))

    def _read_flat_files(self) -> None:
        """Most files of such a name are something else; only a thread is one."""
        for at in sorted(self._contents.flat, key=lambda one: one.entry.name):
            content = self._read(at)
            if content is None or b'"messages"' not in content:
                continue
            if (head := self._head(at, content)) and head.is_encrypted:
                parent, _, name = at.entry.name.rpartition("/")
                key = name.removesuffix(".json")
                thread = self._thread(key, key, Owner.ENCRYPTED)
                self._add(thread, head, File(at, parent, 1, digest_of(content)))

    def _thread(self, key: str, thread_id: str, owner: Owner) -> Thread:
        """Return the thread of this ID. Its name may have changed between two archives."""
        thread = self._threads.setdefault((owner.platform, thread_id), Thread(key, thread_id, owner))
        if owner.is_personal or thread.owner is Owner.UNKNOWN:
            thread.owner = owner
        return thread

    def _add(self, thread: Thread, head: ThreadHead, file: File) -> None:
        if all(file.digest != one.digest for one in thread.files):  # else it is the same file in two parts
            thread.files.append(file)
            thread.heads.append(head)

    def _read(self, at: Located) -> bytes | None:
        try:
            return self._parts.read_json(at, self._budget)
        except EntryRefused as error:
            self._overview.skip(at.entry.name, error.reason)
            return None

    def _head(self, at: Located, content: bytes) -> ThreadHead | None:
        try:
            return read_head(content, self._repairer)
        except NoJson:
            self._overview.skip(at.entry.name, "no_json")
            return None

    # -- the whole -----------------------------------------------------------------------------------------
    def _count_html(self) -> None:
        keys = {thread.key for thread in self._threads.values() if thread.files}
        for folder, name in self._contents.html_folders.items():
            if folder not in keys:
                self._overview.skip(name, "html_only")

    def _describe_nothing(self) -> str:
        skipped = dict(self._overview.skipped)
        if skipped.pop("html_only", 0):
            return HTML
        if skipped:
            reasons = ", ".join(f"{count} {FILE_REASONS[reason]}" for reason, count in skipped.items())
            return f"No file of messages in it can be read: {reasons}."
        return NOTHING + (INNER_ZIPS if self._contents.has_zips else "")

    def _find_names(self, threads: list[Thread]) -> None:
        counter, profiles = NameCounter(), self._profile_names()
        for thread in threads:
            counter.add(thread.heads)
            thread.heads = []  # they are read again with the messages
        keys = {name_key(name) for name in profiles}
        self._overview.compared = counter.threads
        self._overview.named_in = dict(counter.named_in)
        self._overview.business_names = suggest(counter, profiles)
        self._overview.profile_names = [name for name in counter.named_in if name_key(name) in keys]
        self._overview.former_names = former_names(counter, self._overview.business_names)

    def _profile_names(self) -> list[str]:
        contents = [content for at in self._contents.profiles if (content := self._read(at)) is not None]
        return [name for content in contents for name in profile_names(content, self._repairer)]


def digest_of(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=DIGEST_BYTES).digest()


def kind_of(threads: list[Thread]) -> Owner:
    """Return whose archive it is. Of several, the one that must be refused."""
    owners = {thread.owner for thread in threads}
    order = (Owner.PERSONAL, Owner.ENCRYPTED, Owner.PAGE, Owner.UNKNOWN, Owner.INSTAGRAM)
    return next(owner for owner in order if owner in owners)
