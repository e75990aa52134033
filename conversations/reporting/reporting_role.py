"""The role `inbox_reporting`, which reads the views of the schema `reporting` and nothing else.

What the present user may not do is returned as SQL, for somebody who may. A password never stands in it: it
is hashed here, so that no log of the server has it.
"""

from dataclasses import dataclass, field

from django.db import ProgrammingError, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import sql

from conversations.lib.sql_files import read_statements

ROLE = "inbox_reporting"
STATEMENTS = read_statements(__file__)
# Where nobody has set another value. They bound mistakes: the role may change them in its own session.
DEFAULTS = {
    "default_transaction_read_only": "on",
    "statement_timeout": "60s",
    "idle_in_transaction_session_timeout": "60s",
    "lock_timeout": "10s",
    "search_path": "reporting",
}
NOT_ALLOWED = "42501"  # PostgreSQL's code


@dataclass
class RoleState:
    """What became of the role. `missing` is the SQL of what the user may not do."""

    can_log_in: bool
    missing: list[str] = field(default_factory=list)


def make(connection: BaseDatabaseWrapper, password: str = "") -> RoleState:
    """Make the role, with its settings, and take from it what it should not have.

    With a password, it may log in; without one, a new role may not, and that of an old one stays.
    """
    missing = [each for each in _needed(connection) if not _do(connection, each)]
    if not missing and password and not _do(connection, _login(connection, password)):
        missing.append(f"\\password {ROLE}\nALTER ROLE {ROLE} LOGIN;")
    if _exists(connection):
        _revoke(connection)
    return RoleState(_can_log_in(connection), missing)


def excesses(connection: BaseDatabaseWrapper) -> list[str]:
    """Return, in words, what the role may do beyond reading the views: nothing, where all is well."""
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS["excesses"])
        return [text for (text,) in cursor.fetchall()]


def _needed(connection: BaseDatabaseWrapper) -> list[str]:
    """Return the statements that are needed so that the role is there with its settings."""
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS["settings"])
        known = dict(cursor.fetchall())
        cursor.execute(STATEMENTS["database"])
        database, can_connect = cursor.fetchone()
    created = [] if _exists(connection) else [f"CREATE ROLE {ROLE} NOLOGIN NOINHERIT CONNECTION LIMIT 10;"]
    settings = [
        f"ALTER ROLE {ROLE} SET {name} = '{value}';" for name, value in DEFAULTS.items() if name not in known
    ]
    connecting = [] if can_connect else [f"GRANT CONNECT ON DATABASE {database} TO {ROLE};"]
    return [*created, *settings, *connecting]


def _do(connection: BaseDatabaseWrapper, statement: str) -> bool:
    """Execute a statement. Return False if the user may not, or if it needs what another one may not."""
    try:
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute(statement)
    except ProgrammingError as error:
        if getattr(error.__cause__, "sqlstate", "") in (NOT_ALLOWED, "42704"):  # no such role
            return False
        raise
    return True


def _login(connection: BaseDatabaseWrapper, password: str) -> str:
    connection.ensure_connection()
    driver = connection.connection
    method = b"scram-sha-256"
    hashed = driver.pgconn.encrypt_password(password.encode(), ROLE.encode(), method).decode()
    statement = sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(ROLE), sql.Literal(hashed))
    return statement.as_string(driver)


def _revoke(connection: BaseDatabaseWrapper) -> None:
    """Take from the role what somebody gave it on our tables."""
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS["own_grants"])
        for (statement,) in cursor.fetchall():
            cursor.execute(statement)


def _exists(connection: BaseDatabaseWrapper) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_roles WHERE rolname = %s", [ROLE])
        return cursor.rowcount > 0


def _can_log_in(connection: BaseDatabaseWrapper) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_roles WHERE rolname = %s AND rolcanlogin", [ROLE])
        return cursor.rowcount > 0
