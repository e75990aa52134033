"""Encrypts secrets with the first of TOKEN_ENCRYPTION_KEYS, and decrypts them with any of these keys.

The keys of the cipher are derived from these by HKDF for one purpose, so that a key that has other uses, such
as SECRET_KEY, is never used as it is. Earlier versions used a plain digest: `manage.py rotatekeys` encrypts
their values again.
"""

import base64
import hashlib
import json
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import models

PREFIX, OLD_PREFIX = "fernet2:", "fernet:"  # mark an encrypted value; no token of Facebook starts so
PURPOSE = b"inbox: secrets of Pages"


def cipher() -> MultiFernet:
    """Return the cipher of the settings. A key may be any text."""
    return _cipher(tuple(settings.TOKEN_ENCRYPTION_KEYS), is_old=False)


def old_cipher() -> MultiFernet:
    """Return the cipher of the values that earlier versions have encrypted."""
    return _cipher(tuple(settings.TOKEN_ENCRYPTION_KEYS), is_old=True)


@lru_cache(8)
def _cipher(keys: tuple[str, ...], *, is_old: bool) -> MultiFernet:
    derive = _digest if is_old else _derive
    return MultiFernet([Fernet(base64.urlsafe_b64encode(derive(key.encode()))) for key in keys])


def _derive(key: bytes) -> bytes:
    return HKDF(SHA256(), length=32, salt=None, info=PURPOSE).derive(key)


def _digest(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()


def encrypt(value: Any) -> str:
    """Return the value as encrypted JSON that only this installation can read: see decrypt()."""
    return cipher().encrypt(json.dumps(value).encode()).decode()


def decrypt(text: str, *, seconds: int) -> Any:
    """Return the value that was encrypted, None if it is older than `seconds` or no key fits."""
    try:
        return json.loads(cipher().decrypt(text.encode(), ttl=seconds))
    except InvalidToken:
        return None


def decrypt_stored(stored: str) -> str:
    """Return the text of a stored value. Raises InvalidToken if no key fits."""
    if stored.startswith(PREFIX):
        return cipher().decrypt(stored.removeprefix(PREFIX).encode()).decode()
    return old_cipher().decrypt(stored.removeprefix(OLD_PREFIX).encode()).decode()


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
        if not value or value.startswith((PREFIX, OLD_PREFIX)):
            return value
        return PREFIX + cipher().encrypt(value.encode()).decode()

    def from_db_value(self, value, expression, connection):
        if not value:
            return value
        try:
            return decrypt_stored(value)
        except InvalidToken:
            return UndecryptableToken(value)

    def value_to_string(self, obj):
        return self.get_prep_value(self.value_from_object(obj))
