"""Turns a message of an archive into ours."""

from collections import Counter
from collections.abc import Callable, Collection
from typing import Any
from urllib.parse import urlsplit

from conversations.imports.archives.prose import is_prose
from conversations.imports.archives.repair import Repair
from conversations.imports.archives.thread_json import MAX_NAME, time_of
from conversations.imports.archives.threads import ArchiveMessage
from conversations.lib.labels import name_key

# The fields with files, and the types of attachments that webhooks have for them.
FILE_FIELDS = {
    "photos": "image",
    "videos": "video",
    "audio_files": "audio",
    "gifs": "image",
    "files": "file",
}
TYPE_OF_EXTENSION = {
    **dict.fromkeys(("jpg", "jpeg", "png", "gif", "webp"), "image"),
    **dict.fromkeys(("mp4", "mov", "webm"), "video"),
    **dict.fromkeys(("ogg", "opus", "mp3", "m4a", "aac", "wav"), "audio"),
}
# The fields of messages that have a text only; the last three are of no use.
PLAIN = frozenset(
    {
        "sender_name",
        "timestamp_ms",
        "content",
        "ip",
        "is_geoblocked_for_viewer",
        "is_unsent_image_by_messenger_kid_parent",
    }
)
NO_FIELDS: dict[str, Any] = {}
MAX_TEXT = 100_000  # characters; Messenger has 20,000
MAX_FIELD = 2_000  # characters of a link, a title, a name of a file
MAX_ITEMS = 1_000  # attachments or reactions of a message

FindMedia = Callable[
    [str, str], str
]  # (address in the message, folder of its file) -> key, "" if it is not there


class MessageReader:
    """Reads the messages of one thread. `skipped` counts those that are not read, by reason."""

    def __init__(self, is_ours: Callable[[str], bool], find_media: FindMedia, skipped: Counter[str]):
        self._is_ours, self._find_media, self._skipped = is_ours, find_media, skipped
        self.senders: set[str] = set()
        self._repair: Repair | None = None  # of the file that is read
        self._known: dict[str, tuple[str, bool]] = {}  # senders in it

    def read(self, message: Any, repair: Repair, parent: str) -> ArchiveMessage | None:
        """Return the message; None if nothing of it can be stored. `parent`: the folder of its file."""
        if not isinstance(message, dict):
            self._skipped["no_object"] += 1
            return None
        time = time_of(message)
        if time is None:
            self._skipped["no_time"] += 1
            return None
        sender, is_ours = self._sender(_text(message.get("sender_name")), repair)
        if message.get("is_unsent") is True:  # what is left of it is Meta's
            return ArchiveMessage(time, is_ours, "", False, (), (), (), {"deleted": True})
        text = repair(_text(message.get("content"))[:MAX_TEXT])
        if text and message.keys() <= PLAIN:  # nearly all messages
            return ArchiveMessage(time, is_ours, text, is_prose(text, sender, NO_FIELDS), (), (), (), {})
        attachments, media = self._files(message, repair, parent)
        data = _data(message, repair)
        is_bump = not text and bool(bumped := _bumped_text(message))
        if is_bump:
            text, data["bumped"] = repair(bumped), True
        if not (text or attachments or data):
            self._skipped["empty"] += 1
            return None
        return ArchiveMessage(
            time,
            is_ours,
            text,
            is_bump or is_prose(text, sender, message),
            attachments,
            media,
            self._reactions(message.get("reactions"), repair),
            data,
        )

    def _sender(self, name: str, repair: Repair) -> tuple[str, bool]:
        """Return the repaired name, and whether it is one of the business. Most files have two names."""
        if repair is not self._repair:
            self._repair, self._known = repair, {}
        known = self._known.get(name)
        if known is None:
            sender = repair(name[:MAX_NAME])
            known = sender, self._is_ours(sender)
            if len(self._known) < MAX_ITEMS:
                self._known[name] = known
            if len(self.senders) < MAX_ITEMS:
                self.senders.add(sender)
        return known

    def _files(
        self, message: dict, repair: Repair, parent: str
    ) -> tuple[tuple[dict[str, Any], ...], tuple[str, ...]]:
        """Return the attachments, and the keys of their files."""
        found = [
            (kind, repair(address[:MAX_FIELD]))
            for name, kind in FILE_FIELDS.items()
            if message.get(name)
            for address in _addresses(message[name])
        ]
        if sticker := message.get("sticker"):
            found += [("sticker", repair(address[:MAX_FIELD])) for address in _addresses([sticker])]
        if items := message.get("media"):
            found += [(_type_of(address), repair(address[:MAX_FIELD])) for address in _addresses(items)]
        found += [("file", "")] * min(_number(message.get("missing_media")), MAX_ITEMS)
        if not found:
            return (), ()
        found = found[:MAX_ITEMS]
        attachments = tuple({"type": kind, "title": file_name(address)} for kind, address in found)
        return attachments, tuple(self._find_media(address, parent) for _, address in found)

    def _reactions(self, items: Any, repair: Repair) -> tuple[dict[str, str], ...]:
        """Return the reactions as rows have them (sync.load.states.references)."""
        if not isinstance(items, list) or not items:
            return ()
        reactions = []
        for item in items[:MAX_ITEMS]:
            if isinstance(item, dict) and (emoji := repair(_text(item.get("reaction")))[:MAX_FIELD]):
                actor = "page" if self._is_ours(repair(_text(item.get("actor"))[:MAX_NAME])) else "customer"
                reactions.append({"actor": actor, "reaction": "other", "emoji": emoji})
        return tuple(sorted(reactions, key=lambda one: (one["actor"], one["emoji"])))


class Names:
    """The names of the business, compared without case. Most messages have one of two names."""

    def __init__(self, names: Collection[str]):
        self._keys = {name_key(name) for name in names}
        self._known: dict[str, bool] = {}

    def __call__(self, name: str) -> bool:
        """Whether this is a name of the business."""
        known = self._known.get(name)
        if known is None:
            if len(self._known) > 100_000:
                self._known.clear()
            known = self._known[name] = bool(name) and name_key(name) in self._keys
        return known


def file_name(address: str) -> str:
    """Return the name of the file at the end of an address."""
    if "://" in address:
        try:
            address = urlsplit(address).path
        except ValueError:
            return ""
    return address.replace("\\", "/").rstrip("/").rpartition("/")[2]


def _data(message: dict, repair: Repair) -> dict[str, Any]:
    data: dict[str, Any] = {}
    if share := _share(message.get("share"), repair):
        data["shares"] = [share]
    if message.get("call_duration") is not None or message.get("missed") is True:
        seconds = _number(message.get("call_duration"))
        data["call"] = {"duration": seconds, "is_missed": message.get("missed") is True}
    if message.get("is_taken_down") is True:
        data["taken_down"] = True
    return data


def _share(share: Any, repair: Repair) -> dict[str, str]:
    """Return a share as Graph shows it: {"link", "name"}; places have only a link to a map."""
    if not isinstance(share, dict):
        return {}
    parts = {"link": share.get("link"), "name": share.get("share_text")}
    parts["description"] = share.get("original_content_owner")
    return {
        name: repair(value)[:MAX_FIELD] for name, value in parts.items() if isinstance(value, str) and value
    }


def _bumped_text(message: dict) -> str:
    """Return the text of an earlier message that somebody has brought up again."""
    bumped = message.get("bumped_message_metadata")
    if isinstance(bumped, dict) and bumped.get("is_bumped") is True:
        return _text(bumped.get("bumped_message"))[:MAX_TEXT]
    return ""


def _addresses(items: Any) -> list[str]:
    items = items if isinstance(items, list) else []
    return [item["uri"] for item in items if isinstance(item, dict) and isinstance(item.get("uri"), str)]


def _type_of(address: str) -> str:
    return TYPE_OF_EXTENSION.get(address.rpartition(".")[2].lower(), "file")


def _number(value: Any) -> int:
    return value if type(value) is int and 0 <= value < 10**9 else 0


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
