"""Encrypts secrets with the first of TOKEN_ENCRYPTION_KEYS, and decrypts them with any of these keys."""

import base64
import hashlib
import json
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models

PREFIX = "fernet:"  # marks an encrypted value; no token of Facebook starts with it


def cipher() -> MultiFernet:
    """Return the cipher of the settings. A key may be any text, because its digest is used."""
    digests = (hashlib.sha256(key.encode()).digest() for key in settings.TOKEN_ENCRYPTION_KEYS)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])


def encrypt(value: Any) -> str:
    """Return the value as encrypted JSON that only this installation can read: see decrypt()."""
    return cipher().encrypt(json.dumps(value).encode()).decode()


def decrypt(text: str, *, seconds: int) -> Any:
    """Return the value that was encrypted, None if it is older than `seconds` or no key fits."""
    try:
        return json.loads(cipher().decrypt(text.encode(), ttl=seconds))
    except InvalidToken:
        return None


class UndecryptableToken(str):
    """An empty text that keeps the stored value, so that saving the row does not destroy it."""

    stored: str

    def __new__(cls, stored: str):
        empty = super().__new__(cls, "")
        empty.stored = stored
        return empty


class EncryptedTextField(models.TextField):
    """A text that is encrypted in the database and in dumps, and plain on the model.

    A value that none of the keys can decrypt is read as UndecryptableToken, which is empty and false.
    """

    def get_prep_value(self, value):
        if isinstance(value, UndecryptableToken):
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
            return UndecryptableToken(value)

    def value_to_string(self, obj):
        return self.get_prep_value(self.value_from_object(obj))
