"""Parses IDs, numbers and booleans of requests."""

import json
import re

from django.utils.translation import gettext

MAX_ID = 2**63 - 1  # the largest bigint of PostgreSQL
FLAGS = {"true": True, "1": True, "false": False, "0": False}


def parse_id(value: object) -> int:
    """Parse an ID: a number or a string of digits. Raises ValueError.

    An ID above MAX_ID is valid but unknown.
    """
    number = parse_number(value) if isinstance(value, str) else value
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        raise ValueError(gettext("%(value)s is not an ID.") % {"value": quote(value)})
    return number


def parse_number(text: str) -> int | None:
    """Parse digits; None for any other text. Only 20 digits are read: the number is too big anyway."""
    return int("0" + text.lstrip("0")[:20]) if re.fullmatch("[0-9]+", text) else None


def parse_flag(value: object) -> bool:
    """Parse true, false, 1 or 0. Raises ValueError."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if text not in FLAGS:
        raise ValueError(gettext("%(value)s is neither true nor false.") % {"value": quote(value)})
    return FLAGS[text]


def quote(value: object) -> str:
    """Quote an invalid value for an error message, in at most 60 characters: a text, or else JSON."""
    text = repr(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=repr)
    return text if len(text) <= 60 else f"{text[:57]}…"
