"""What an archive holds, in the form in which it is stored: threads and their messages."""

import hashlib
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

KEY_BYTES = 16  # of the digest in an import key


class ArchiveError(Exception):
    """The archive cannot be imported. The text tells the user why, and what to do."""


@dataclass(frozen=True, slots=True)
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
    reactions: tuple[dict[str, str], ...]  # as rows have them: {"actor": customer or page, "reaction", "emoji"}
    data: dict[str, Any]
    ordinal: int = 0

    @property
    def content(self) -> str:
        """What of it does not change between archives: its own words and the names of its files."""
        text = "" if self.is_prose else unicodedata.normalize("NFC", self.text)
        return "\n".join([text, *(item["title"] for item in self.attachments)])

    @property
    def import_key(self) -> str:
        """The key of this message within its thread: the same in each archive that has it."""
        side = "page" if self.is_from_page else "customer"
        content = f"{self.time_ms}\n{side}\n{self.ordinal}\n{self.content}"
        return hashlib.blake2b(content.encode(), digest_size=KEY_BYTES).hexdigest()


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
    """What is known before the first thread is read; `skipped` and `problems` grow while threads are read."""

    kind: str  # page, personal, instagram, encrypted, or unknown if nothing in the archive tells
    business_names: list[str]  # the names that may be the business's, best first
    threads: int
    skipped: Counter[str]  # the numbers of files and messages by reason
    named_in: dict[str, int] = field(default_factory=dict)  # the number of threads in which a name takes part
    profile_names: list[str] = field(default_factory=list)  # of these names, those that the profile has
    former_names: list[str] = field(default_factory=list)  # that may be earlier ones: see business.py
    problems: list[str] = field(default_factory=list)  # what could not be read, for the user
    unrepaired: int = 0  # texts that stay as they came, because they are no complete UTF-8
