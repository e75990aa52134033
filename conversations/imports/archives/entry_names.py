"""The names of entries. They are keys, never paths: nothing is extracted under them."""

import re
import unicodedata

MAX_NAME = 4096  # characters
DRIVE = re.compile(r"[A-Za-z]:")
# What operating systems add to folders and zips.
JUNK_FOLDER, JUNK_START = "__MACOSX", "._"


class UnsafeName(ValueError):
    """The name leads out of the archive, or is none."""


def safe_name(name: str) -> str:
    """Return the name with forward slashes, in NFC. Raises UnsafeName."""
    name = unicodedata.normalize("NFC", name.replace("\\", "/"))
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if name.startswith("/") or ".." in parts or not parts or DRIVE.match(name) or "\0" in name:
        raise UnsafeName(name)
    if len(name) > MAX_NAME:
        raise UnsafeName(name)
    return "/".join(parts)


def is_junk(name: str) -> bool:
    parts = name.split("/")
    return JUNK_FOLDER in parts or parts[-1].startswith(JUNK_START)
