"""Reads environment variables for the settings. An invalid value is an error that names its variable.

Every process reads its settings first. environs, a library for this, takes a fifth as long to import as
Django's database layer, requests and psycopg together.
"""

import os
from collections.abc import Callable
from typing import TypeAlias, TypeVar

from django.core.exceptions import ImproperlyConfigured

T = TypeVar("T")
Validate: TypeAlias = Callable[[T], str]  # returns what is wrong with a value; "" if nothing is

TRUE, FALSE = {"1", "true", "t", "yes", "y", "on"}, {"0", "false", "f", "no", "n", "off"}


class EnvError(ImproperlyConfigured):
    """The value of a variable is not valid. The message does not repeat it: it may be a secret."""


# For annotations: the methods of Env hide the names of the types.
Text: TypeAlias = str
Flag: TypeAlias = bool
Whole: TypeAlias = int
Number: TypeAlias = float
Texts: TypeAlias = list[str]


class Env:
    """Each method returns the value of a variable, and the default if it is not set."""

    def str(self, name: Text, default: Text, *, validate: Validate[Text] | None = None) -> Text:
        return _read(name, default, str, "must be a text", validate)

    def bool(self, name: Text, default: Flag) -> Flag:
        return _read(name, default, _to_bool, "must be 1 or 0", None)

    def int(self, name: Text, default: Whole, *, validate: Validate[Number] | None = None) -> Whole:
        return _read(name, default, int, "must be a whole number", validate)

    def float(self, name: Text, default: Number, *, validate: Validate[Number] | None = None) -> Number:
        return _read(name, default, float, "must be a number", validate)

    def list(self, name: Text, default: Texts) -> Texts:
        """Return the parts between the commas; none if the variable is empty."""
        return _read(name, default, _to_list, "must be a list", None)


def _read(name: str, default: T, convert: Callable[[str], T], otherwise: str, validate: Validate | None) -> T:
    if name not in os.environ:
        return default
    try:
        value = convert(os.environ[name])
    except ValueError:
        raise EnvError(f"{name} {otherwise}") from None
    if problem := validate and validate(value):
        raise EnvError(f"{name} {problem}")
    return value


def _to_bool(text: str) -> bool:
    if text.lower() not in TRUE | FALSE:
        raise ValueError
    return text.lower() in TRUE


def _to_list(text: str) -> list[str]:
    return text.split(",") if text else []
