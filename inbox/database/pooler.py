"""The proxy of DATABASE_POOL_URL, which lends sessions of PostgreSQL for one transaction each (PgBouncer)."""

import threading
from typing import Any

import psycopg
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from conversations.lib.locks import session

IDENTITY = "SELECT current_database(), system_identifier::text, pg_is_in_recovery() FROM pg_control_system()"
DIFFERENT = (
    "DATABASE_POOL_URL and DATABASE_URL are different databases ({pooled}, and {direct}). Locks would be "
    "taken on one and rows written to the other: let the pooler's entry name the database of DATABASE_URL."
)


class Pooler:
    """`is_used`: whether connections of this process that need no session go through it."""

    def __init__(self) -> None:
        self.is_used = False
        self._is_verified = False
        self._lock = threading.Lock()

    def use(self) -> None:
        """From now on this process opens its connections through the pooler, if there is one."""
        self.is_used = bool(settings.DATABASE_POOLER)

    @property
    def address(self) -> dict[str, Any]:
        """Parameters of psycopg. It prepares nothing: the next transaction may have another session."""
        return settings.DATABASE_POOLER | {"prepare_threshold": None}

    def require_same_database(self, direct: dict[str, Any]) -> None:
        """Compare it once with the database that has these parameters. Raises ImproperlyConfigured."""
        with self._lock:
            if not self._is_verified:
                compare(self.address, direct)
                self._is_verified = True


def compare(pooled: dict[str, Any], direct: dict[str, Any]) -> None:
    """Raises ImproperlyConfigured if these are different databases, and psycopg.Error if one is away."""
    found, expected = identity(pooled), identity(direct)
    if found != expected:
        raise ImproperlyConfigured(DIFFERENT.format(pooled=describe(found), direct=describe(expected)))


def problem() -> str:
    """Return what is wrong with DATABASE_POOL_URL; "" if nothing is."""
    if not settings.DATABASE_POOLER:
        return ""
    try:
        compare(pooler.address, session().get_connection_params())
    except ImproperlyConfigured as error:
        return str(error)
    except psycopg.Error as error:
        return f"DATABASE_POOL_URL or DATABASE_URL does not answer: {str(error).strip()}"
    return ""


def identity(params: dict[str, Any]) -> tuple:
    plain = {name: value for name, value in params.items() if name not in ("cursor_factory", "context")}
    with psycopg.connect(**plain, autocommit=True) as connection:
        return connection.execute(IDENTITY).fetchone() or ()


def describe(identity: tuple) -> str:
    name, system, is_standby = identity
    return f"{name} of {'a standby of ' if is_standby else ''}system {system}"


pooler = Pooler()
