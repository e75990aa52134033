"""Secrets at rest: encrypted by the first of TOKEN_ENCRYPTION_KEYS, read with any of them."""

import base64
import hashlib
import json
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models

PREFIX = "fernet:"  # says that a value is encrypted already; no token of Facebook begins so


def cipher() -> MultiFernet:
    """Any text serves as a key: its digest is what encrypts."""
    digests = (hashlib.sha256(key.encode()).digest() for key in settings.TOKEN_ENCRYPTION_KEYS)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])


def seal(value: Any) -> str:
    """JSON that only this installation reads, for a while: see `unseal`."""
    return cipher().encrypt(json.dumps(value).encode()).decode()


def unseal(text: str, *, seconds: int) -> Any:
    """What was sealed; None where that is longer ago than this, or by other keys."""
    try:
        return json.loads(cipher().decrypt(text.encode(), ttl=seconds))
    except InvalidToken:
        return None


class Unreadable(str):
    """Reads as no secret at all, yet keeps what is stored, so that saving the row does not destroy it."""

    stored: str

    def __new__(cls, stored: str):
        empty = super().__new__(cls, "")
        empty.stored = stored
        return empty


class EncryptedTextField(models.TextField):
    """Text that is encrypted in the database and in dumps, and plain on the model.

    A value that none of the keys can decrypt is read as `Unreadable`, which is empty and false.
    """

    def get_prep_value(self, value):
        if isinstance(value, Unreadable):
            return value.stored
        if not value or value.startswith(PREFIX):
            return value
        return PREFIX + cipher().encrypt(value.encode()).decode()

    def from_db_value(self, value, expression, connection):
        if not value:
            return value
        try:
            return cipher().decrypt(value.removeprefix(PREFIX).encode()).decode()
        except InvalidToken:
            return Unreadable(value)

    def value_to_string(self, obj):
        return self.get_prep_value(self.value_from_object(obj))
