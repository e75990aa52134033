"""Follows the quotes and comments of an SQL text, without understanding it: where does a statement begin?

A dump holds functions whose bodies may have lines like those of its own statements.
"""

import re

OPENING = re.compile(r"--|/\*|'|\"|\$(?:[A-Za-z_\x80-\xff][\w\x80-\xff]*)?\$", re.ASCII)
ESCAPED_END = re.compile(r"(?:[^'\\]|\\.)*'", re.DOTALL)


class SqlScanner:
    """`is_top` tells whether the next line begins outside of all quotes and comments."""

    def __init__(self) -> None:
        self._closing = ""
        self._has_escapes = False

    @property
    def is_top(self) -> bool:
        return not self._closing

    def feed(self, line: str) -> None:
        """Read a line, or the next part of one."""
        place = 0
        while place < len(line):
            place = self._close(line, place) if self._closing else self._open(line, place)

    def _open(self, line: str, place: int) -> int:
        match = OPENING.search(line, place)
        if match is None or match[0] == "--":
            return len(line)
        self._closing = "*/" if match[0] == "/*" else match[0]
        self._has_escapes = match[0] == "'" and line[match.start() - 1 : match.start()] in ("E", "e")
        return match.end()

    def _close(self, line: str, place: int) -> int:
        if self._has_escapes:
            match = ESCAPED_END.match(line, place)
            end = match.end() if match else -1
        else:
            found = line.find(self._closing, place)
            end = found + len(self._closing) if found >= 0 else -1
        if end < 0:
            return len(line)
        if self._has_escapes and line[end : end + 1] == "'":  # a doubled quote
            return end + 1
        self._closing = ""
        return end
