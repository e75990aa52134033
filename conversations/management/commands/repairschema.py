from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from conversations.models.schema_repair import Missing, find_missing, is_migrated, repair


class Command(BaseCommand):
    help = (
        "Creates indexes, unique keys, functions and triggers that the database lacks, for example after a"
        " restore that reported errors. If a trigger was missing, everything is counted again; writers wait"
        " meanwhile. Otherwise tables stay in use. Safe to run twice."
    )

    def add_arguments(self, parser):
        parser.add_argument(
            "--dry-run", action="store_true", help="only print what is missing, change nothing"
        )

    def handle(self, *, dry_run: bool, **options: Any) -> None:
        if not is_migrated():
            raise CommandError("Migrations are pending: run `manage.py migrate` first.")
        missing = find_missing()
        if not missing:
            self.stdout.write("Nothing is missing.")
        elif dry_run:
            for name in missing:
                self.stdout.write(f"Missing: {name}.")
        else:
            self.create(missing)

    def create(self, missing: Missing) -> None:
        try:
            for line in repair(missing):
                self.stdout.write(line)
        except DatabaseError as error:
            raise CommandError(f"PostgreSQL refused the next one: {error}") from None
