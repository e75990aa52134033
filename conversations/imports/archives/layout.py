"""Recognizes the files of an archive by their names, at any depth, in every layout since 2018.

messages/<section>/<thread>/message_<N>.json              Facebook to 2023, Instagram to 2022
<root>/messages/<section>/<thread>/message_<N>.json       since then; the root tells whose archive it is
<thread name>_<n>.json, media/…                           the archive of encrypted chats
"""

import re
from enum import StrEnum
from typing import NamedTuple

MESSENGER, INSTAGRAM = "messenger", "instagram"  # as in models.Platform


class Owner(StrEnum):
    """Whose archive it is; the values are those of `ArchiveOverview.kind`."""

    PAGE = "page"
    PERSONAL = "personal"
    INSTAGRAM = "instagram"
    ENCRYPTED = "encrypted"
    UNKNOWN = "unknown"

    @property
    def is_personal(self) -> bool:
        """Whether it holds the chats of a person. Those with Pages are not encrypted."""
        return self in (Owner.PERSONAL, Owner.ENCRYPTED)

    @property
    def platform(self) -> str:
        return INSTAGRAM if self is Owner.INSTAGRAM else MESSENGER


# The apostrophe of the first may be any, or a substitute that a program which unpacks has chosen.
PAGE_ROOT = re.compile(r"this_profile.{0,3}s_activity_across_facebook")
ROOTS = {
    "your_instagram_activity": Owner.INSTAGRAM,
    "your_facebook_activity": Owner.PERSONAL,
    "your_activity_across_facebook": Owner.PERSONAL,
}
# Where the root is missing, because only a folder below it was handed in, the addresses of media have it.
ROOT_IN_JSON = re.compile(
    rb'"uri":\s{0,9}"(this_profile.{1,6}?s_activity_across_facebook|your_[a-z_]{1,40})/messages/'
)
# What tells Facebook from Instagram where there is no root: folders beside the messages, the names of zips.
SIGNS = {
    "followers_and_following": Owner.INSTAGRAM,
    "personal_information": Owner.INSTAGRAM,
    "profile_information": Owner.UNKNOWN,  # of Facebook
}
SIGN_STARTS = {"instagramuser_": Owner.INSTAGRAM, "instagram-": Owner.INSTAGRAM, "facebook-": Owner.UNKNOWN}
SECTIONS = frozenset({"inbox", "archived_threads", "filtered_threads", "message_requests", "e2ee_cutover"})

MEDIA_FOLDERS = SECTIONS | {
    "messages",
    "media",
    "photos",
    "videos",
    "audio",
    "files",
    "gifs",
    "stickers_used",
}

# A number in brackets, or after a space, is what systems append where a file of the name existed.
THREAD_FILE = re.compile(r"message(?:_(\d{1,5}))?(?: ?\(\d{1,3}\)| \d{1,3})?\.(json|html)")
FLAT_FILE = re.compile(r".+_\d{1,9}\.json")
PROFILES = frozenset(
    {"profile_information.json", "personal_information.json", "instagram_profile_information.json"}
)
# `<name>_<id>`: an id of digits, or to 2020 of ten letters and digits.
THREAD_ID = re.compile(r"((?:^|(?<=_))\d{10,20}|(?<=_)[A-Za-z0-9-]{10})$")
DELETED = re.compile(r"(?:facebook|instagram)user_")


class ThreadFile(NamedTuple):
    folder: str  # the name of the thread
    parent: str  # the key of its folder
    number: int
    owner: Owner
    is_html: bool


def thread_file(name: str, fallback: str) -> ThreadFile | None:
    """Return what an entry of this name is if it is a file of a thread.

    `fallback` names the folder of a file that lies in none.
    """
    parent, _, base = name.rpartition("/")
    if not (match := THREAD_FILE.fullmatch(base)):
        return None
    folder = parent.rpartition("/")[2] or fallback
    if folder in SECTIONS or folder == "messages":
        return None
    return ThreadFile(folder, parent, int(match[1] or 1), owner_of(parent), match[2] == "html")


def owner_of(name: str) -> Owner:
    """Return whose archive it is, by the folder nearest to the file that tells."""
    for part in reversed(name.split("/")):
        if part in ROOTS:
            return ROOTS[part]
        if PAGE_ROOT.fullmatch(part):
            return Owner.PAGE
    return Owner.UNKNOWN


def owner_in(content: bytes) -> Owner:
    """Return whose archive it is, by the addresses of media in the file of a thread."""
    match = ROOT_IN_JSON.search(content)
    if not match:
        return Owner.UNKNOWN
    root = match[1].decode(errors="replace")
    return ROOTS.get(root, Owner.UNKNOWN) if root.startswith("your_") else Owner.PAGE


def is_flat_file(name: str) -> bool:
    """Whether the name may be that of a thread in the archive of encrypted chats; its content decides."""
    return bool(FLAT_FILE.fullmatch(name.rpartition("/")[2]))


def is_profile(name: str) -> bool:
    return name.rpartition("/")[2] in PROFILES


def sign_of(name: str) -> Owner | None:
    """Return what the name of an entry or a zip says of archives without a root; None if nothing."""
    for part in name.split("/"):
        if part in SIGNS:
            return SIGNS[part]
        for start, owner in SIGN_STARTS.items():
            if part.startswith(start):
                return owner
    return None


def is_media(name: str) -> bool:
    """Whether a message may refer to a file of this name."""
    parts = name.split("/")[:-1]
    return not name.endswith((".json", ".html")) and not MEDIA_FOLDERS.isdisjoint(parts)


def thread_id_of(folder: str) -> str:
    """Return the ID at the end of the name, or the whole name."""
    match = THREAD_ID.search(folder)
    return match[1] if match else folder


# -- media -------------------------------------------------------------------------------------------------
def media_key(name: str) -> str:
    """Return the key of a file, the same for its entry and for the address that messages have for it."""
    parts = name.split("/")
    folders = [place for place, part in enumerate(parts[:-1]) if part == "messages"]
    if folders:
        return "/".join(parts[folders[-1] + 1 :])
    for place, part in enumerate(parts[:-1]):
        if part in SECTIONS:
            return "/".join(parts[place:])
    return name
