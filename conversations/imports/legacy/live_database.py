"""Reads the live database, in one transaction that only reads and sees one moment of it.

It works through poolers, also those that give each transaction another connection: nothing outlives the
transaction, nothing is prepared, and each table is one COPY. The address holds the password, and errors of
the driver may repeat parts of it, so none of their texts is shown.
"""

import re
from collections import defaultdict
from collections.abc import Iterator

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from conversations.imports.legacy.copy_text import split_line
from conversations.imports.legacy.source import (
    CONVERSATIONS,
    MAX_VALUE,
    TABLES,
    Block,
    Row,
    SourceError,
    WrongSource,
    absent_tables,
    pick,
    places_of,
)
from conversations.lib.sql_files import read_statements

STATEMENTS = read_statements(__file__)
CONNECT_SECONDS = 20
LOCAL = ("", "localhost", "127.0.0.1", "::1")
# What other drivers write into an address, and libpq does not know.
FOREIGN = {
    "pgbouncer",
    "connection_limit",
    "pool_timeout",
    "schema",
    "statement_cache_mode",
    "supa",
    "workaround",
}
READER = """Read as a role that sees every row. In the SQL editor of the database:
  create role inbox_reader login bypassrls password '…';
  grant pg_read_all_data to inbox_reader;
  alter role inbox_reader set default_transaction_read_only = on;"""
NO_ADDRESS = "The address of the database cannot be understood. It looks like postgresql://USER:PASSWORD@HOST:5432/postgres"
UNREACHABLE = (
    "The database cannot be reached. Is its project paused? The direct address needs IPv6: use that of the"
    " session pooler (port 5432)."
)
NO_ENCRYPTION = (
    "The database does not encrypt connections. If it is in your own network, end the address with"
    " ?sslmode=disable."
)
NO_DATABASE = "The server has no database of this name. At Supabase it is postgres."
REFUSED = "The database refuses this user or password. Is the pooler's user postgres.PROJECT?"


class LiveDatabase:
    """A database. Raises SourceError, before it reads a row, if rows would be hidden."""

    def __init__(self, address: str):
        self.notes: list[str] = []
        self.done = self.total = 0
        try:
            self._connection = connect(address)
        except psycopg.Error as error:
            raise SourceError(describe(error)) from None
        try:
            self._connection.execute(STATEMENTS["local_settings"])
            self._columns = self._readable_columns()
            self.total = sum(map(self._count, self._columns))
        except psycopg.Error as error:
            self.close()
            raise SourceError(describe(error)) from None
        except SourceError:
            self.close()
            raise

    @property
    def absent(self) -> list[str]:
        return absent_tables(self._columns)

    def close(self) -> None:
        """End the transaction with its connection."""
        self._connection.close()

    def blocks(self) -> Iterator[Block]:
        for table, columns in self._columns.items():
            yield Block(table, self._rows(table, columns))

    def _readable_columns(self) -> dict[str, list[str]]:
        columns: dict[str, list[str]] = defaultdict(list)
        names = {
            "tables": list(TABLES),
            "columns": sorted({name for each in TABLES.values() for name in each}),
        }
        for table, is_filtered, is_readable in self._connection.execute(
            STATEMENTS["access"], names
        ).fetchall():
            if is_filtered:
                raise SourceError(f"Row level security hides rows of {table} from this role. {READER}")
            if not is_readable:
                raise SourceError(f"This role may not read {table}. {READER}")
        for table, column in self._connection.execute(STATEMENTS["columns"], names).fetchall():
            columns[table].append(column)
        if CONVERSATIONS not in columns:
            raise WrongSource(f"The database has no table public.{CONVERSATIONS}: it is another one.")
        for table, found in columns.items():
            places_of(table, found)
        return {table: columns[table] for table in TABLES if table in columns}

    def _count(self, table: str) -> int:
        query = sql.SQL("SELECT count(*) FROM public.{}").format(sql.Identifier(table))
        row = self._connection.execute(query).fetchone()
        return row[0] if row else 0

    def _rows(self, table: str, columns: list[str]) -> Iterator[Row | None]:
        names = [name for name in TABLES[table] if name in columns]
        places = places_of(table, names)
        values = sql.SQL(", ").join(
            sql.SQL("left({}::text, {})").format(sql.Identifier(name), sql.Literal(MAX_VALUE))
            for name in names
        )
        query = sql.SQL("COPY (SELECT {} FROM public.{}) TO STDOUT").format(values, sql.Identifier(table))
        try:
            with self._connection.cursor() as cursor, cursor.copy(query) as copy:
                for line in copy:
                    self.done += 1
                    yield pick(split_line(bytes(line)), places)
        except psycopg.Error as error:
            raise SourceError(describe(error)) from None


def connect(address: str) -> psycopg.Connection:
    """Raises WrongSource for what is no address, and psycopg's errors."""
    try:
        parameters = conninfo_to_dict(without_foreign(address))
    except (psycopg.Error, ValueError, UnicodeError):
        raise WrongSource(NO_ADDRESS) from None
    host = str(parameters.get("host") or "")
    if "sslmode" not in parameters and host not in LOCAL and not host.startswith("/"):
        parameters["sslmode"] = "require"
    parameters |= {"connect_timeout": CONNECT_SECONDS, "client_encoding": "UTF8"}
    parameters.setdefault("application_name", "inbox")
    connection = psycopg.connect(**parameters, prepare_threshold=None)  # type: ignore[arg-type]  # of libpq
    connection.isolation_level, connection.read_only = psycopg.IsolationLevel.REPEATABLE_READ, True
    return connection


def without_foreign(address: str) -> str:
    """Return the address without the parameters of other drivers, which libpq refuses."""
    start, mark, query = address.partition("?")
    if not mark or not re.match(r"postgres(ql)?://", address):
        return address
    kept = [part for part in query.split("&") if part.partition("=")[0] not in FOREIGN]
    return f"{start}?{'&'.join(kept)}"


def describe(error: psycopg.Error) -> str:
    """Return what is wrong in our words: the driver's may hold a part of the address, or a value."""
    code, text = error.sqlstate or "", str(error).lower()
    if code == "42501" and "row-level security" in text:
        return f"Row level security hides rows from this role. {READER}"
    if code == "42501":
        return f"This role may not read the tables. {READER}"
    if code.startswith("28") or "password authentication failed" in text:
        return REFUSED
    if not code:
        return _describe_unreached(text)
    return f"The database refuses to be read (PostgreSQL's code {code})."


def _describe_unreached(text: str) -> str:
    """Return why there is no connection. Of a refused one the driver knows no code."""
    if "does not support ssl" in text:
        return NO_ENCRYPTION
    return NO_DATABASE if re.search(r'fatal: +database ".*" does not exist', text) else UNREACHABLE
