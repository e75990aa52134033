"""Reading what was asked: a parameter is known, given once and as it should be, or refused by name."""

import re
from collections.abc import Mapping

from rest_framework.exceptions import ValidationError
from rest_framework.permissions import BasePermission

BIGGEST_ID = 2**63 - 1  # what PostgreSQL's bigint holds
FLAGS = {"true": True, "1": True, "false": False, "0": False}


class KnownParameters(BasePermission):
    """Lets through only parameters that the view names for its action, in `parameters`, each given once."""

    def has_permission(self, request, view) -> bool:
        known = getattr(view, "parameters", {}).get(getattr(view, "action", None), ())
        for name, values in request.query_params.lists():
            if name not in known:
                raise ValidationError({name: ["There is no such parameter here."]})
            if len(values) > 1:
                raise ValidationError({name: ["Give it once."]})
            if "\0" in values[0]:
                raise ValidationError({name: ["It has characters that no text may have."]})
        return True


def whole_number(params: Mapping[str, str], name: str, *, default: int, highest: int | None = None) -> int:
    """The parameter as a number from 1 on; the default where it is absent or empty."""
    text = params.get(name, "").strip()
    if not text:
        return default
    number = as_number(text)
    if not number or (highest and number > highest):
        wanted = f"from 1 to {highest}" if highest else "from 1 on"
        raise ValidationError({name: [f"It must be a whole number {wanted}, not {shown(text)}."]})
    return number


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


def flag(params: Mapping[str, str], name: str) -> bool:
    """The parameter as yes or no; no where it is absent or empty."""
    try:
        return as_flag(params.get(name, "").strip() or False)
    except ValueError as error:
        raise ValidationError({name: [str(error)]}) from None


def shown(value: object) -> str:
    """A wrong value, short enough for a sentence about it."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
