"""Makes the views for SQL and the role that reads them: `manage.py reporting`."""

import os
import sys
from getpass import getpass

from django.core.management.base import BaseCommand, CommandError
from django.db import ProgrammingError, connection

from conversations.reporting import reporting_role, reporting_schema
from conversations.reporting.reporting_role import NOT_ALLOWED, ROLE, RoleState
from conversations.reporting.reporting_schema import SCHEMA, NotOurs

MIN_PASSWORD = 12  # characters: a database may be reached from elsewhere
FOR_WHOM = "-- For a superuser of this database. Afterwards run manage.py reporting again."


class Command(BaseCommand):
    help = (
        f"Makes the schema {SCHEMA} with read-only views (docs/data.md) and the role {ROLE}, which reads "
        "them and nothing else. What the present user of the database may not do is printed as SQL. The "
        "password of the role comes from the environment (REPORTING_PASSWORD) or, with --password, from "
        "standard input; without one, a new role cannot log in."
    )

    def add_arguments(self, parser):
        parser.add_argument(
            "--password", action="store_true", help="read the password of the role from standard input"
        )

    def handle(self, *, password: bool, **options):
        given = read_password(asks=password)
        missing = self.make_schema()
        state = reporting_role.make(connection, given)
        if missing or state.missing:
            self.refer([*missing, *state.missing])
        reporting_schema.make(connection)  # again: now there is a role that may read the views
        if excesses := reporting_role.excesses(connection):
            raise CommandError(f"The role {ROLE} may do more than read the views: {'; '.join(excesses)}.")
        self.tell(state)

    def make_schema(self) -> list[str]:
        """Return the SQL of what the user may not do, if there is any."""
        try:
            reporting_schema.make(connection)
        except NotOurs as error:
            raise CommandError(str(error)) from None
        except ProgrammingError as error:
            if getattr(error.__cause__, "sqlstate", "") != NOT_ALLOWED:
                raise
            user = quoted_user()
            return [
                f"CREATE SCHEMA IF NOT EXISTS {SCHEMA} AUTHORIZATION {user};",
                f"ALTER SCHEMA {SCHEMA} OWNER TO {user};",
            ]
        return []

    def refer(self, statements: list[str]) -> None:
        """Print what somebody else must do, and end."""
        self.stdout.write("\n".join([FOR_WHOM, *statements]))
        raise CommandError("This user of the database may not do all of it: see the SQL on standard output.")

    def tell(self, state: RoleState) -> None:
        self.stdout.write(f"The schema {SCHEMA} has its views. The role {ROLE} reads them and nothing else.")
        if state.can_log_in:
            self.stdout.write(f"Try: {address()}")
        else:
            self.stdout.write("It cannot log in yet: set REPORTING_PASSWORD and run this again.")


def read_password(*, asks: bool) -> str:
    """Return the password from the environment, or if asked for, from a hidden prompt or standard input."""
    password = os.environ.get("REPORTING_PASSWORD", "")
    if asks and not password:
        prompt = f"Password of {ROLE}: "
        password = getpass(prompt) if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
        if not password:
            raise CommandError("No password on standard input.", returncode=2)
    if password and len(password) < MIN_PASSWORD:
        raise CommandError(
            f"The password is too short: it needs at least {MIN_PASSWORD} characters.", returncode=2
        )
    return password


def quoted_user() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT quote_ident(current_user)")
        return cursor.fetchone()[0]


def address() -> str:
    """Return how to connect as the role."""
    values = connection.get_connection_params()
    known = {"host": "-h", "port": "-p"}
    options = " ".join(f"{option} {values[name]}" for name, option in known.items() if values.get(name))
    return f"psql {options} -U {ROLE} {values['dbname']}".replace("  ", " ")
