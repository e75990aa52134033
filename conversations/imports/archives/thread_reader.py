"""Reads all files of one thread."""

from collections.abc import Collection, Iterator
from itertools import islice
from typing import NamedTuple

from conversations.imports.archives import layout
from conversations.imports.archives.archive_parts import Located, Parts
from conversations.imports.archives.bounds import MB, Budget, EntryRefused
from conversations.imports.archives.entry_names import UnsafeName, safe_name
from conversations.imports.archives.merging import merge
from conversations.imports.archives.message_conversion import MessageReader, Names
from conversations.imports.archives.overviewing import File, Thread
from conversations.imports.archives.repair import Repairer
from conversations.imports.archives.thread_json import NoJson, ThreadContent, ThreadHead, read_content
from conversations.imports.archives.threads import ArchiveMessage, ArchiveOverview, ArchiveThread
from conversations.lib.names import is_placeholder, is_visible

MAX_THREAD_BYTES = 512 * MB  # two million messages, which are in memory together
MAX_GAPS = 1_000  # that are named


class ThreadReader:
    """Reads threads with the confirmed names of the business. Counts in the overview what is left out."""

    def __init__(
        self,
        parts: Parts,
        media: dict[str, Located],
        overview: ArchiveOverview,
        names: Names,
        repairer: Repairer,
    ):
        self._parts, self._media, self._overview = parts, media, overview
        self._names, self._repairer, self._budget = names, repairer, Budget(parts.limits)

    def read(self, thread: Thread) -> ArchiveThread | None:
        """Return the thread; None if the business is not in it, or if nothing of it can be read."""
        reader = MessageReader(self._names, self._find_media, self._overview.skipped)
        files: list[list[ArchiveMessage]] = []
        heads: list[tuple[int, ThreadHead]] = []  # each with the time of its newest message
        numbers: set[int] = set()
        for file, content in self._contents(thread):
            numbers.add(file.number)
            messages = self._messages(content, file, reader)
            files.append(messages)
            heads.append((messages[-1].time_ms if messages else 0, content.head))
        if not any(files):
            return None
        head = max(heads, key=lambda one: one[0])[1]
        if not any(map(self._names, (*head.participants, *reader.senders))):
            self._count_without_business(thread, files)
            return None
        customer = customer_of(thread.key, head, self._others(head, reader.senders))
        return ArchiveThread(
            key=thread.key,
            thread_id=thread.thread_id,
            platform=thread.owner.platform,
            customer_name=customer.name,
            is_deleted_person=customer.is_deleted,
            is_group=customer.is_group,
            messages=merge(files),
            gaps=gaps_of(thread.numbers, numbers),
        )

    def _others(self, head: ThreadHead, senders: Collection[str]) -> list[str]:
        """Return the names of the other side. Those who have left are no participants, but senders."""
        people = [name for name in head.participants if not self._names(name)]
        return people or sorted(name for name in senders if not self._names(name))

    def _contents(self, thread: Thread) -> Iterator[tuple[File, ThreadContent]]:
        """Yield the files that can be read, the oldest first."""
        size = 0
        for file in sorted(thread.files, key=lambda one: (-one.number, one.digest)):
            try:
                content = self._parts.read_json(file.at, self._budget)
                size += len(content)
                if size > MAX_THREAD_BYTES:
                    raise EntryRefused("too_large")
                yield file, read_content(content, self._repairer)
            except EntryRefused as error:
                self._overview.skip(file.at.entry.name, error.reason)
            except NoJson:
                self._overview.skip(file.at.entry.name, "no_json")

    def _messages(self, content: ThreadContent, file: File, reader: MessageReader) -> list[ArchiveMessage]:
        """Return the messages of a file, oldest first. Most files have the newest first."""
        read = (reader.read(item, content.repair, file.parent) for item in content.messages)
        messages = [message for message in read if message]
        if messages and messages[0].time_ms >= messages[-1].time_ms:
            messages.reverse()
        messages.sort(key=lambda message: message.time_ms)
        return messages

    def _count_without_business(self, thread: Thread, files: list[list[ArchiveMessage]]) -> None:
        self._overview.skipped["no_business"] += sum(map(len, files))
        self._overview.add_problem(f"{thread.key}: none of the names of the business is in this thread.")

    def _find_media(self, address: str, parent: str) -> str:
        """Return the key of the file to which a message refers, or "" if it is not in the archive."""
        if not address or "://" in address:
            return ""
        try:
            name = safe_name(address)
        except UnsafeName:
            return ""
        folder = parent.rpartition("/")[2]
        below = f"{parent}/{name.rpartition(f'/{folder}/')[2]}"  # where only the folder was handed in
        keys = (layout.media_key(one) for one in (name, f"{parent}/{name}", below))
        return next((key for key in keys if key in self._media), "")


class Customer(NamedTuple):
    name: str
    is_deleted: bool
    is_group: bool


def customer_of(key: str, head: ThreadHead, others: list[str]) -> Customer:
    """Return who the other side of the thread with this key is."""
    if head.is_group or len(others) > 1:
        return Customer(head.title, is_deleted=False, is_group=True)
    name = others[0] if others else ""
    if layout.DELETED.match(key) or is_deleted_name(name):
        return Customer("", is_deleted=True, is_group=False)
    return Customer(name if is_visible(name) else "", is_deleted=False, is_group=False)


def is_deleted_name(name: str) -> bool:
    """Whether this stands for the name of a person whose account is deleted, as "Facebook user" does."""
    return is_visible(name) and is_placeholder(name, "")


def gaps_of(expected: set[int], read: set[int]) -> tuple[int, ...]:
    """Return the numbers of files that are missing: those of unreadable files, and those that nobody has."""
    last = max(expected | read)
    return tuple(islice((number for number in range(1, last + 1) if number not in read), MAX_GAPS))
