"""Imports the database of the application that Inbox replaces: `manage.py importlegacy`."""

import json
import os
import sys
import time
from contextlib import closing
from getpass import getpass
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from conversations.imports.legacy.csv_folder import CsvFolder
from conversations.imports.legacy.dump_file import DumpFile
from conversations.imports.legacy.importer import ImportResult, import_legacy
from conversations.imports.legacy.live_database import LiveDatabase
from conversations.imports.legacy.page_mapping import UnknownTarget, parse_mappings
from conversations.imports.legacy.source import SourceError, WrongSource
from conversations.management.delayed_bar import delayed_steps
from conversations.management.legacy_report import failure, problem_lines, report_lines, summary

VARIABLE = "LEGACY_DATABASE_URL"


class Command(BaseCommand):
    help = (
        "Imports people, tags, notes and true messages from the database of the replaced application. The"
        f" address of a live database comes from the environment ({VARIABLE}) or from standard input, never"
        " from an argument: all users of the machine can see arguments. Doing it twice changes nothing."
    )
    requires_system_checks = []

    def add_arguments(self, parser):
        files = parser.add_mutually_exclusive_group()
        files.add_argument("--dump", metavar="FILE", type=Path, help="a plain dump, gzipped or not")
        files.add_argument(
            "--csv", metavar="DIR", type=Path, help="a folder of CSV files, one for each table"
        )
        parser.add_argument(
            "--page",
            action="append",
            default=[],
            metavar="UUID_OR_ID=FACEBOOK_PAGE_ID",
            help="which of our Pages a Page of the old application is; may be repeated",
        )
        parser.add_argument(
            "--create-pages",
            action="store_true",
            help="create the Pages that Inbox does not have, without connecting them",
        )
        parser.add_argument("--dry-run", action="store_true", help="count everything and write nothing")
        parser.add_argument("--json", action="store_true", help="print one line of JSON at the end")

    def handle(self, **options: Any) -> None:
        started = time.monotonic()
        try:
            result = run(**options)
        except WrongSource as error:
            raise CommandError(str(error), returncode=2) from None
        except SourceError as error:
            if options["json"]:
                self.stdout.write(json.dumps(failure(str(error))))
            raise CommandError(f"Nothing was imported. {error}") from None
        if options["json"]:
            duration = time.monotonic() - started
            self.stdout.write(json.dumps(summary(result, dry_run=options["dry_run"], duration=duration)))
        else:
            for line in report_lines(result, dry_run=options["dry_run"]):
                self.stdout.write(line)
        for line in problem_lines(result):
            self.stderr.write(line)
        if not result.is_complete:
            sys.exit(1)


def run(
    *, dump: Path | None, csv: Path | None, page: list[str], create_pages: bool, dry_run: bool, **options: Any
) -> ImportResult:
    """Raises SourceError, and CommandError for arguments that mean nothing."""
    try:
        mappings = parse_mappings(page)
    except ValueError as error:
        raise CommandError(f"--page {error}: write UUID_OR_ID=FACEBOOK_PAGE_ID.", returncode=2) from None
    with closing(open_source(dump, csv)) as source, delayed_steps() as report:
        try:
            return import_legacy(source, mappings, creates_pages=create_pages, dry_run=dry_run, report=report)
        except UnknownTarget as error:
            raise CommandError(f"No Page with the ID '{error}' is connected.", returncode=2) from None


def open_source(dump: Path | None, csv: Path | None) -> DumpFile | CsvFolder | LiveDatabase:
    if dump:
        return DumpFile(dump)
    if csv:
        return CsvFolder(csv)
    address = read_address()
    if not address:
        raise CommandError(
            f"No database. Set {VARIABLE}, pass the address on standard input, or name --dump or --csv.",
            returncode=2,
        )
    return LiveDatabase(address)


def read_address() -> str:
    """Return the address from the environment, a hidden prompt or standard input; empty if there is none."""
    if address := os.environ.get(VARIABLE, "").strip():
        return address
    if sys.stdin.isatty():
        return getpass("Address of the old database: ").strip()
    return sys.stdin.readline().strip()
