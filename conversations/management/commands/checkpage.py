import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.table import Table
from rich.text import Text

from conversations.checking import Check, check_page
from conversations.graph.errors import GraphError
from conversations.models import Page

MARKS = {"ok": ("✓", "green"), "note": ("·", "yellow"), "act": ("✗", "bold red")}


class Command(BaseCommand):
    help = (
        "Asks Facebook, in a dozen calls, what it lets us do with a connected Page, and keeps what syncs "
        "should know. Exits with 0 if the Page can be synced, with 1 if a person must act."
    )

    def add_arguments(self, parser):
        parser.add_argument("facebook_page_id", metavar="FACEBOOK_PAGE_ID", help="the Page's id, digits only")
        parser.add_argument("--json", action="store_true", help="one line of JSON instead of the table")

    def handle(self, *, facebook_page_id: str, **options):
        page = Page.objects.filter(facebook_page_id=facebook_page_id).first()
        if page is None:
            raise CommandError(f"No Page with the id {facebook_page_id!r} is connected.", returncode=2)
        check = check_page(page, on_wait=self.tell_wait)
        if options["json"]:
            self.stdout.write(json.dumps(as_json(check)))
        else:
            self.show(check)
        for problem in check.problems:
            self.stderr.write(f"A person must act. {problem}")
        if not check.is_ready:
            sys.exit(1)

    def tell_wait(self, error: GraphError, seconds: float) -> None:
        self.stderr.write(f"{error} Asking again in {seconds:.0f} s.")

    def show(self, check: Check) -> None:
        if self.stdout.isatty():
            Console().print(table(check))
        else:
            for finding in check.findings:
                self.stdout.write(f"{finding.mark:<4}  {finding}")
        verdict = "can be synced" if check.is_ready else "cannot be synced as it is"
        self.stdout.write(f"{check.page} {verdict}. {check.calls} calls to Facebook.")


def table(check: Check) -> Table:
    """Texts, not markup: what Facebook says is shown as it is."""
    shown = Table(title=Text(str(check.page)), title_justify="left", show_header=False)
    for finding in check.findings:
        sign, style = MARKS[finding.mark]
        shown.add_row(Text(sign, style), Text(finding.subject), Text(finding.answer))
    return shown


def as_json(check: Check) -> dict[str, Any]:
    return {
        "page": check.page.facebook_page_id,
        "ready": check.is_ready,
        "calls": check.calls,
        "findings": [
            {"key": one.key, "subject": one.subject, "answer": one.answer, "mark": one.mark}
            for one in check.findings
        ],
        "learnt": check.page.learnt,
    }
