"""The application's role on the private server: no superuser, who could read files and run programs."""

from contextlib import suppress
from pathlib import Path

import psycopg
from psycopg import errors

ADMIN = "inbox"  # the superuser of the server, with which only this package connects
APPLICATION = "inbox_app"
OF_THE_ADMIN = "SELECT datname FROM pg_database WHERE datdba = 'inbox'::regrole AND NOT datistemplate"


def create_application_role(admin: psycopg.Connection) -> bool:
    """Create the role, which may create databases. Return False if it was there."""
    if admin.execute("SELECT FROM pg_roles WHERE rolname = %s", [APPLICATION]).rowcount:
        return False
    with suppress(errors.DuplicateObject, errors.UniqueViolation):  # another process was faster
        admin.execute(f"CREATE ROLE {APPLICATION} LOGIN CREATEDB".encode())
    return True


def databases_of_admin(admin: psycopg.Connection) -> list[str]:
    """Return the databases of an earlier version, which gave the application the superuser."""
    return [name for (name,) in admin.execute(OF_THE_ADMIN.encode()) if name != "postgres"]


def give_to_application(database: psycopg.Connection) -> None:
    """Make the application the owner of everything in this database, all at once."""
    database.execute(Path(__file__).with_suffix(".sql").read_bytes())
