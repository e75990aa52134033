"""Repairs the text of archives: standard JSON has each byte of UTF-8 written as a character."""

import re
from collections.abc import Callable

from conversations.lib.text import clean

# Characters that no text has, but half of those that misread UTF-8 has: C1 controls.
CONTROLS = re.compile("[\u0080-\u009f]")

Repair = Callable[[str], str]


class Repairer:
    """Repairs strings. `failed` counts those that are no whole UTF-8, which stay as they are."""

    def __init__(self) -> None:
        self.failed = 0

    def of_file(self, content: bytes) -> Repair:
        """Return the function for the strings of a file, decided by all of it.

        A file with other bytes than ASCII has real UTF-8, in which a text may look like a misread one by
        chance. Only if it has controls, a program has rewritten it and kept the misread text.
        """
        if content.isascii() or CONTROLS.search(content.decode(errors="replace")):
            return self.repair
        return clean

    def repair(self, text: str) -> str:
        """Return the text as it was written, without what PostgreSQL refuses."""
        if text.isascii():
            return text if text.isprintable() else clean(text)
        try:
            return clean(text.encode("latin-1").decode())
        except UnicodeEncodeError:  # it has characters that are no bytes, so it is right
            return clean(text)
        except UnicodeDecodeError:
            self.failed += 1
            return clean(text)
