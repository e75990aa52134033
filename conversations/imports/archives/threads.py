"""What an archive holds, in the form in which it is stored: threads and their messages."""

import hashlib
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

KEY_BYTES = 16  # of the digest in an import key
MAX_PROBLEMS, MAX_PROBLEM = 1_000, 500  # that are told, and characters of each
# Why a file is not read, for the user. It makes an import incomplete.
FILE_REASONS = {
    "damaged": "damaged",
    "encrypted": "encrypted with a password",
    "html_only": "in HTML only",
    "no_json": "not complete, or no JSON",
    "no_regular_file": "a link or a special file",
    "too_compressed": "compressed too much to be messages",
    "too_large": "too large",
    "unknown_compression": "compressed in an unknown way",
    "unsafe_name": "named like a file outside of the archive",
}
# Why messages are not read, if that makes an import incomplete. An `empty` one has only a sender and a time,
# which is all that Facebook has of it.
LOST = {
    "no_business": "in threads without a name of the business",
    "no_object": "no messages at all",
    "no_time": "without a usable time",
}


class ArchiveError(Exception):
    """The archive cannot be imported. The text tells the user why, and what to do."""


@dataclass(slots=True)  # frozen ones take twice as long to make, and there are millions
class ArchiveMessage:
    """One message. Equal messages of a thread differ in their `ordinal`: 0, 1, …

    `attachments` have the form of webhooks (`{"type": "image", "title": NAME}`), without an address: links in
    archives have expired. `media` has one entry for each of them: the key of its file for
    `Archive.open_media()`, or "" if the archive does not have the file.
    `data` has what `InteractionEvent.data` has: `shares`, `deleted`, and only here `call`
    (`{"duration": seconds, "is_missed"}`), `taken_down` and `bumped`.
    """

    time_ms: int  # since 1970 in UTC
    is_from_page: bool
    text: str
    is_prose: bool  # the text is a sentence of Meta's about what happened, in the language of the account
    attachments: tuple[dict[str, Any], ...]
    media: tuple[str, ...]
    reactions: tuple[dict[str, str], ...]  # as rows have them: {"actor", "reaction", "emoji"}
    data: dict[str, Any]
    ordinal: int = 0

    @property
    def content(self) -> str:
        """What of it does not change between archives: its own words and the names of its files."""
        text = "" if self.is_prose else self.text
        text = text if text.isascii() else unicodedata.normalize("NFC", text)
        return "\n".join([text, *(item["title"] for item in self.attachments)]) if self.attachments else text

    @property
    def import_key(self) -> str:
        """The key of this message within its thread: the same in each archive that has it."""
        side = "page" if self.is_from_page else "customer"
        content = f"{self.time_ms}\n{side}\n{self.ordinal}\n{self.content}".encode()
        return hashlib.blake2b(content, digest_size=KEY_BYTES).hexdigest()


@dataclass(frozen=True, slots=True)
class ArchiveThread:
    """All messages of a thread, oldest first, from all parts of the archive."""

    key: str  # the name of its folder, `<name>_<id>`
    thread_id: str  # the ID after the name, or the whole key: never the ID of a person
    platform: str  # as in models.Platform
    customer_name: str  # empty if unnamed or deleted
    is_deleted_person: bool
    is_group: bool
    messages: list[ArchiveMessage]
    gaps: tuple[int, ...]  # the numbers of missing files message_N.json; a greater number is older


@dataclass
class ArchiveOverview:
    """What is known before the first thread is read.

    Reading the threads adds to `skipped`, `problems`, `gaps` and `unrepaired`.
    """

    kind: str = ""  # page, personal, instagram, encrypted, or unknown if nothing in the archive tells
    business_names: list[str] = field(default_factory=list)  # that may be the business's, best first
    threads: int = 0
    skipped: Counter[str] = field(default_factory=Counter)  # files and messages by reason
    named_in: dict[str, int] = field(default_factory=dict)  # the number of threads in which a name takes part
    compared: int = 0  # the number of threads that tell by their names whose the archive is
    profile_names: list[str] = field(default_factory=list)  # of these names, those that the profile has
    former_names: list[str] = field(default_factory=list)  # that may be earlier ones: see owner_names.py
    problems: list[str] = field(default_factory=list)  # what could not be read, for the user
    gaps: dict[str, tuple[int, ...]] = field(default_factory=dict)  # by the key of the thread
    unrepaired: int = 0  # texts that stay as they came, because they are no complete UTF-8

    def skip(self, name: str, reason: str) -> None:
        """Count a file that is not read, and name it."""
        self.skipped[reason] += 1
        self.add_problem(f"{name}: {FILE_REASONS[reason]}.")

    def add_problem(self, text: str) -> None:
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(text if len(text) <= MAX_PROBLEM else f"…{text[-MAX_PROBLEM:]}")

    @property
    def is_personal(self) -> bool:
        """Whether it holds the chats of a person: those with Pages are not encrypted."""
        return self.kind in ("personal", "encrypted")

    @property
    def lost(self) -> int:
        """The number of files and messages that are left out although they may have content."""
        return sum(self.skipped[reason] for reason in (*FILE_REASONS, *LOST))
