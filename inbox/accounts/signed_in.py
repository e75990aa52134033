"""Reads who sent a request, by statements that are put together once.

Every request needs them. Django would compose them again each time, a third of the time of a short list.
"""

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.contrib.sessions.models import Session
from django.db import connection, models
from django.utils import timezone

from conversations.lib.sql_files import read_statements
from inbox.accounts.models import ApiKey

STATEMENTS = read_statements(__file__)
User = get_user_model()


class Reading:
    """A statement that returns at most one row, with all columns of these models."""

    def __init__(self, name: str, *kinds: type[models.Model]):
        self._kinds = [(kind, [field.attname for field in kind._meta.concrete_fields]) for kind in kinds]
        columns = [
            f"{kind._meta.db_table}.{field.column}" for kind in kinds for field in kind._meta.concrete_fields
        ]
        self._statement = STATEMENTS[name].format(columns=", ".join(columns))

    def read(self, **params: Any) -> list[Any] | None:
        """Return a row of each model, or None."""
        with connection.cursor() as cursor:
            cursor.execute(self._statement, params)
            values = cursor.fetchone()
        if values is None:
            return None
        rows, start = [], 0
        for kind, names in self._kinds:
            rows.append(kind.from_db(connection.alias, names, values[start : start + len(names)]))
            start += len(names)
        return rows


KEY, SESSION, USER = Reading("key", ApiKey, User), Reading("session", Session), Reading("user", User)


def usable_key(digest: str) -> ApiKey | None:
    """Return the key with its user."""
    found = KEY.read(digest=digest, now=timezone.now())
    if found is None:
        return None
    key, key.user = found
    return key


def living_session(session_key: str) -> Session | None:
    found = SESSION.read(key=session_key, now=timezone.now())
    return found[0] if found else None


def user_with(pk: int) -> AbstractBaseUser | None:
    found = USER.read(pk=pk)
    return found[0] if found else None
