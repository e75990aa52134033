"""What the settings demand of a value. A check returns what is wrong with it, "" if nothing is."""

import re
from collections.abc import Callable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def Range(*, error: str, min: float | None = None, max: float | None = None) -> Callable[[float], str]:
    low, high = float("-inf") if min is None else min, float("inf") if max is None else max
    return lambda value: "" if low <= value <= high else error


def Regexp(pattern: str, *, error: str) -> Callable[[str], str]:
    return lambda value: "" if re.match(pattern, value) else error


def time_zone(name: str) -> str:
    """Look only for this time zone: the list of all of them reads hundreds of files."""
    try:
        ZoneInfo(name)
    except (OSError, ValueError, ZoneInfoNotFoundError):
        return "is not the name of a time zone, such as Europe/Paris"
    return ""
