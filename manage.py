#!/usr/bin/env python3
"""Django's commands. They use the private PostgreSQL, and start it, unless DATABASE_URL names another.

In a wheel this is `inbox/manage.py`, the command `inbox`.
"""

import gc
import os
import sys
from pathlib import Path

# Commands that do not use the database.
NO_DATABASE = {
    "",
    "compilemessages",
    "diffsettings",
    "help",
    "makemessages",
    "sandbox",
    "startapp",
    "version",
}
# Commands that only sync: no pages, no REST and no admin are loaded for them (inbox/sync_settings.py).
SYNC_ONLY = {"syncconversations"}


PROGRAM = Path(sys.argv[0]).name  # manage.py or inbox


def main() -> None:
    choose_settings(sys.argv)
    try:
        from django.core.exceptions import ImproperlyConfigured
        from django.core.management import execute_from_command_line
        from django.db import DatabaseError, ProgrammingError
        from environs import EnvError
    except ModuleNotFoundError as error:
        sys.exit(f"{error}: run `make setup` in the checkout, then .venv/bin/python manage.py …")
    try:
        if needs_database(sys.argv):
            start_private_database(os.environ.get("DATABASE_URL", ""))
        execute_from_command_line(sys.argv)
    except (ImproperlyConfigured, EnvError, DatabaseError) as error:
        if "--traceback" in sys.argv:
            raise
        hint = f": run `{PROGRAM} migrate`" if isinstance(error, ProgrammingError) else ""
        sys.exit(f"{PROGRAM}: {str(error).splitlines()[0]}{hint}")
    except KeyboardInterrupt:
        sys.exit(130)


def choose_settings(argv: list[str]) -> None:
    settings = os.environ.setdefault("DJANGO_SETTINGS_MODULE", "inbox.settings")
    if settings == "inbox.settings" and not SYNC_ONLY.isdisjoint(argv[1:2]):
        os.environ["DJANGO_SETTINGS_MODULE"] = "inbox.sync_settings"
        gc.disable()  # what is imported stays, yet would be searched for garbage; the command enables it


def needs_database(argv: list[str]) -> bool:
    command = argv[1] if len(argv) > 1 else ""
    return command not in NO_DATABASE and not {"-h", "--help", "--version"} & set(argv)


def start_private_database(url: str) -> None:
    """Start the private PostgreSQL, unless the URL is that of another."""
    if url and "host=" not in url:
        return  # not on a socket: another server, and the modules that start ours are not imported
    from inbox import postgres

    try:
        if not url or postgres.is_private(url):
            postgres.start()
    except postgres.PostgresError as error:
        if sys.argv[1:2] != ["doctor"]:  # which says what else is wrong
            sys.exit(f"{PROGRAM}: {error}")


if __name__ == "__main__":
    main()
