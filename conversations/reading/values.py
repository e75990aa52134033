"""Values as people and programs write them."""

import re

BIGGEST_ID = 2**63 - 1  # what PostgreSQL's bigint holds
FLAGS = {"true": True, "1": True, "false": False, "0": False}


def as_id(value: object) -> int:
    """An id as numbers or strings of digits give it; one that no row can have is only unknown."""
    number = as_number(value) if isinstance(value, str) else value
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        raise ValueError(f"{shown(value)} is not an id.")
    return number


def as_number(text: str) -> int | None:
    """Digits as a number; of very many the first ones do, it is too big anyway."""
    return int("0" + text.lstrip("0")[:20]) if re.fullmatch("[0-9]+", text) else None


def as_flag(value: object) -> bool:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if text not in FLAGS:
        raise ValueError(f"{shown(value)} is neither true nor false.")
    return FLAGS[text]


def shown(value: object) -> str:
    """A wrong value, short enough for a sentence about it."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
