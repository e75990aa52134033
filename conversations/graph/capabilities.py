"""What Facebook was found to support for one Page and platform, so that it need not be found out again."""

from typing import Any

import msgspec


class Capabilities(msgspec.Struct):
    """What to remember for a Page and platform. Clients and syncs change it in place.

    `size` is the last [conversations, messages of each] that succeeded. `most_conversations`: how many one
    answer with their messages may have, at least the usual 100. `windows`: whether time bounds work.
    `counts`: whether a list may be asked for the number of its conversations. `folders` has "ok", "ignored"
    or "refused" by the name of the folder. None: not known.
    """

    size: list[int] | None = None
    refused_fields: list[str] = []
    most_conversations: int | None = None
    windows: bool | None = None
    counts: bool | None = None
    folders: dict[str, str] = {}

    @classmethod
    def from_stored(cls, stored: Any) -> "Capabilities":
        """Return stored capabilities. What cannot be read is left out, so that it is found out again."""
        values = stored if isinstance(stored, dict) else {}
        return cls(**{name: values[name] for name in cls.__struct_fields__ if _is_readable(name, values)})

    def to_stored(self, before: Any = None) -> dict[str, Any]:
        """Return the capabilities as stored, in place of `before`. What is not known does not replace."""
        known = {name: value for name, value in msgspec.to_builtins(self).items() if value is not None}
        return (before if isinstance(before, dict) else {}) | known


def _is_readable(name: str, values: dict) -> bool:
    try:
        msgspec.convert({name: values[name]}, Capabilities)
    except (KeyError, msgspec.ValidationError):
        return False
    return True
