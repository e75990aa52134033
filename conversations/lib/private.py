"""Describes exceptions, and cleans texts, so that logs and stored errors hold no secret and no private text.

The message of an exception may quote what was read: a row (psycopg's DETAIL), a number that is none, an
address with a token. Only messages that cannot do so are written; of others, the type and the place remain.
"""

import re
import traceback
from collections.abc import Iterator

from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, InterfaceError

OURS = ("conversations.", "inbox.", "tags.")
# Their messages name modules, attributes, settings, or what the operating system said. Not those of classes
# that libraries derive from them: requests has whole addresses in them, smtplib has recipients.
SPEAKING = (
    ArithmeticError,
    AttributeError,
    ImportError,
    ImproperlyConfigured,
    NameError,
    OSError,
    RuntimeError,
)
SPEAKING_MODULES = ("builtins", "django.core.exceptions", "socket", "ssl")
VALUE_CLASSES = ("21", "22", "23")  # of SQLSTATE: the message may quote a value
SECRETS = re.compile(
    r"EAA[0-9A-Za-z]{16,}"  # an access token of Facebook
    r"|\b[0-9a-f]{40}\b|\b[0-9a-f]{64}\b"  # an API key, a signature
    r"|\b[0-9a-z]{6,}-[0-9a-f]{32}\b"  # a link for a new password
    r"|(?<=://)[^/\s@]+:[^/\s@]+(?=@)"  # user and password of an address
)
SECRET_PATHS = re.compile(r"(/login/new-password/|/privacy/requests/)[^\s\"?]+")
JOB_ARGUMENTS = re.compile(r"(?<=^Job )([\w:.]+\[\d+\])\(.*\)(?= ended with status)", re.DOTALL)
CHAIN_LENGTH = 5


def clean(text: str) -> str:
    """Return the text without what looks like a secret, and without the arguments of a job."""
    text = JOB_ARGUMENTS.sub(r"\1", text)
    return SECRET_PATHS.sub(r"\1[hidden]", SECRETS.sub("[secret]", text))


def describe(error: BaseException) -> str:
    """Return the type of the exception in one line, with its message if that quotes nothing."""
    name, text = _name(error), _harmless_text(error)
    return clean(f"{name}: {text}" if text else name)


def describe_shortly(error: BaseException) -> str:
    """Return the same for a row that people see, without modules; the type is that of PostgreSQL's code."""
    cause = error.__cause__ if isinstance(error, DatabaseError | InterfaceError) else None
    return clean(f"{type(cause or error).__name__} {_harmless_text(error)}".strip())


def format_traceback(error: BaseException) -> str:
    """Return the traceback with the lines of code, and the exceptions that led to it, the oldest first."""
    parts = []
    for each in reversed(list(chain(error))):
        frames = "".join(traceback.format_tb(each.__traceback__))
        parts.append(f"Traceback (most recent call last):\n{frames}{describe(each)}")
    return clean("\n\n".join(parts))


def chain(error: BaseException | None) -> Iterator[BaseException]:
    number = 0
    while error is not None and number < CHAIN_LENGTH:
        yield error
        number += 1
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _name(error: BaseException) -> str:
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _harmless_text(error: BaseException) -> str:
    return _database_text(error) if _is_of_database(error) else _text(error)


def _text(error: BaseException) -> str:
    module = type(error).__module__
    speaks = isinstance(error, SPEAKING) and module in SPEAKING_MODULES
    return " ".join(str(error).split()) if speaks or module.startswith(OURS) else ""


def _is_of_database(error: BaseException) -> bool:
    is_djangos = isinstance(error, DatabaseError | InterfaceError)
    return is_djangos or type(error).__module__.partition(".")[0] in ("psycopg", "psycopg_pool")


def _database_text(error: BaseException) -> str:
    """Return what PostgreSQL said, without DETAIL and values: the code, the constraint and the table."""
    cause = error.__cause__ if isinstance(error, DatabaseError | InterfaceError) else error
    code = getattr(cause, "sqlstate", None)
    if code is None:  # no answer of PostgreSQL: of psycopg or libpq, about the connection or a value
        return "" if "Data" in type(error).__name__ else _first_line(error)
    diag = getattr(cause, "diag", None)
    names = [getattr(diag, name, None) for name in ("constraint_name", "table_name", "column_name")]
    where = ", ".join([code, *filter(None, names)])
    message = "" if code[:2] in VALUE_CLASSES else (getattr(diag, "message_primary", None) or "")
    return f"{message} ({where})".strip()


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), "")
