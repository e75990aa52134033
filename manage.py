#!/usr/bin/env python3
"""Django's commands. They use the private PostgreSQL, and start it, unless DATABASE_URL names another."""

import os
import sys

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


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "inbox.settings")
    try:
        from django.core.exceptions import ImproperlyConfigured
        from django.core.management import execute_from_command_line
        from django.db import DatabaseError, ProgrammingError
        from environs import EnvError

        from inbox import postgres
    except ModuleNotFoundError as error:
        sys.exit(f"{error}: run `make setup` in the checkout, then .venv/bin/python manage.py …")
    try:
        if needs_database(sys.argv) and uses_private(os.environ.get("DATABASE_URL", ""), postgres):
            postgres.start()
        execute_from_command_line(sys.argv)
    except (postgres.PostgresError, ImproperlyConfigured, EnvError, DatabaseError) as error:
        if "--traceback" in sys.argv:
            raise
        hint = ": run `manage.py migrate`" if isinstance(error, ProgrammingError) else ""
        sys.exit(f"manage.py: {str(error).splitlines()[0]}{hint}")
    except KeyboardInterrupt:
        sys.exit(130)


def needs_database(argv: list[str]) -> bool:
    command = argv[1] if len(argv) > 1 else ""
    return command not in NO_DATABASE and not {"-h", "--help", "--version"} & set(argv)


def uses_private(url: str, postgres) -> bool:
    return not url or postgres.is_private(url)


if __name__ == "__main__":
    main()
