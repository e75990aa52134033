"""Checks what Facebook allows for a connected Page: `manage.py checkpage`."""

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.table import Table
from rich.text import Text

from conversations.connections.diagnostics import PageDiagnostics, check_page
from conversations.graph.errors import GraphError
from conversations.lib.durations import format_duration
from conversations.models import Page
from conversations.tasks import request_sync

MARKS = {"ok": ("✓", "green"), "note": ("·", "yellow"), "act": ("✗", "bold red")}


class Command(BaseCommand):
    help = (
        "Asks Facebook, in a dozen calls, what is possible with a connected Page, and stores what syncs need "
        "to know. Exits with 0 if the Page can be synced, and with 1 if action is required."
    )

    def add_arguments(self, parser):
        parser.add_argument(
            "facebook_page_id", metavar="FACEBOOK_PAGE_ID", help="the Facebook ID of the Page"
        )
        parser.add_argument("--json", action="store_true", help="print one line of JSON instead of the table")

    def handle(self, *, facebook_page_id: str, **options):
        page = Page.objects.filter(facebook_page_id=facebook_page_id).first()
        if page is None:
            raise CommandError(f"No Page with the ID {facebook_page_id!r} is connected.", returncode=2)
        check = check_page(page, on_wait=self.report_wait)
        if check.had_gap:
            request_sync(check.page, trigger="subscription")
        if options["json"]:
            self.stdout.write(json.dumps(as_json(check)))
        else:
            self.print_table(check)
        for problem in check.problems:
            self.stderr.write(f"Action required. {problem}")
        if not check.is_ready:
            sys.exit(1)

    def report_wait(self, error: GraphError, seconds: float) -> None:
        self.stderr.write(f"{error} Retrying in {format_duration(seconds)}.")

    def print_table(self, check: PageDiagnostics) -> None:
        if self.stdout.isatty():
            Console().print(table(check))
        else:
            for finding in check.findings:
                self.stdout.write(f"{finding.mark:<4}  {finding}")
        verdict = "can be synced" if check.is_ready else "cannot be synced"
        self.stdout.write(f"{check.page} {verdict}. {check.calls} calls to Facebook.")


def table(check: PageDiagnostics) -> Table:
    """Return the findings as a table. Facebook's texts are never read as markup."""
    result = Table(title=Text(str(check.page)), title_justify="left", show_header=False)
    for finding in check.findings:
        sign, style = MARKS[finding.mark]
        result.add_row(Text(sign, style), Text(finding.subject), Text(finding.answer))
    return result


def as_json(check: PageDiagnostics) -> dict[str, Any]:
    return {
        "page": check.page.facebook_page_id,
        "ready": check.is_ready,
        "calls": check.calls,
        "findings": [
            {
                "key": finding.key,
                "subject": finding.subject,
                "answer": finding.answer,
                "mark": finding.mark,
            }
            for finding in check.findings
        ],
        "learnt": check.page.capabilities,
    }
