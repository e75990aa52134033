"""Imports archives of messages from Facebook or Instagram: `manage.py importarchive`."""

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from conversations.imports.archives.archive import Archive
from conversations.imports.archives.threads import FILE_REASONS, LOST, ArchiveError, ArchiveOverview
from conversations.imports.store import GROUP, ImportRefused, ImportResult, import_threads
from conversations.management.business_names import choose_names, terminal_question
from conversations.management.progress_text import pluralize, printable
from conversations.management.thread_progress import thread_progress
from conversations.models import Page

LISTED = 20  # problems that are printed; --json has all
SHOWN = {
    **FILE_REASONS,
    **LOST,
    "empty": "Facebook has no content of them",
    GROUP: "in groups",
    "person_deleted": "of people who were deleted",
    "too_old": "older than RETENTION_DAYS keeps",
}
PERSONAL = (
    "This is the archive of a person, not of a Page: its chats are private. If they are those of the business"
    " nevertheless, repeat the command with --accept-personal."
)


class Command(BaseCommand):
    help = (
        "Imports archives of messages that were downloaded from Facebook or Instagram as JSON: zips or"
        " folders, all parts together. It is safe to run this twice. Exits with 1 if something of the archive"
        " was left out, which is named."
    )

    def add_arguments(self, parser):
        parser.add_argument("paths", nargs="+", metavar="PATH", type=Path, help="a zip or a folder")
        parser.add_argument(
            "--page", required=True, metavar="FACEBOOK_PAGE_ID", help="the Page to which the messages belong"
        )
        parser.add_argument(
            "--business-name",
            action="append",
            default=[],
            metavar="NAME",
            help="the name of the business in the archive; may be repeated, for earlier names (default: you"
            " are asked; without a terminal, the Page's name if the archive proves that it is the owner)",
        )
        parser.add_argument(
            "--accept-personal", action="store_true", help="import the archive of a person, too"
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="report what would be imported and change nothing"
        )
        parser.add_argument("--json", action="store_true", help="print one line of JSON at the end")

    def handle(self, *, paths: list[Path], page: str, dry_run: bool, **options: Any) -> None:
        row = page_of(page)
        try:
            with Archive([path.expanduser() for path in paths]) as archive:
                names = self.confirm(archive.overview, row, **options)
                with thread_progress(sys.stderr, f"Importing to {printable(str(row))}") as progress:
                    result = import_threads(row, archive, names, dry_run=dry_run, progress=progress)
                report = report_of(row, archive.overview, names, result, dry_run=dry_run)
        except (ArchiveError, ImportRefused) as error:
            if options["json"]:
                failure = {"status": "error", "page": row.facebook_page_id, "error": str(error)}
                self.stdout.write(json.dumps(failure))
            code = 2 if isinstance(error, ArchiveError) else 1
            raise CommandError(printable(str(error)), returncode=code) from None
        if options["json"]:
            self.stdout.write(json.dumps(report))
        else:
            self.print(report)
        if report["status"] != "complete":
            sys.exit(1)

    def confirm(
        self,
        overview: ArchiveOverview,
        page: Page,
        *,
        business_name: list[str],
        accept_personal: bool,
        **options: Any,
    ) -> list[str]:
        """Return the names of the business. Raises ArchiveError if it is not theirs."""
        if overview.is_personal and not accept_personal:
            raise ArchiveError(PERSONAL)
        return choose_names(overview, page, business_name, terminal_question(self.stderr))

    def print(self, report: dict[str, Any]) -> None:
        for line in report_lines(report):
            self.stdout.write(line)
        for problem in report["problems"][:LISTED]:
            self.stderr.write(printable(problem))
        if (more := len(report["problems"]) - LISTED) > 0:
            self.stderr.write(f"And {pluralize(more, 'further problem')}: see --json.")


def page_of(facebook_page_id: str) -> Page:
    page = Page.objects.filter(facebook_page_id=facebook_page_id).first()
    if page is None:
        raise CommandError(f"No Page with the ID {facebook_page_id!r} is connected.", returncode=2)
    return page


def report_of(
    page: Page, overview: ArchiveOverview, names: list[str], result: ImportResult, *, dry_run: bool
) -> dict[str, Any]:
    """Return what --json prints."""
    report = result.as_json()
    files = {reason: count for reason, count in overview.skipped.items() if reason in FILE_REASONS}
    messages = {reason: count for reason, count in overview.skipped.items() if reason not in FILE_REASONS}
    report["messages"]["skipped"] = dict(Counter(messages) + result.skipped)
    gaps = [
        f"{key}: files of messages are missing: {', '.join(map(str, numbers))}."
        for key, numbers in overview.gaps.items()
    ]
    is_complete = not (overview.lost or gaps or result.skipped[GROUP])
    return {
        "status": "complete" if is_complete else "complete_with_errors",
        "page": page.facebook_page_id,
        "dryRun": dry_run,
        "archive": {"kind": overview.kind, "threads": overview.threads, "businessNames": names},
        **report,
        "files": {"skipped": files},
        "unrepaired": overview.unrepaired,
        "problems": [*overview.problems, *gaps, *_hints(overview, names)],
    }


def _hints(overview: ArchiveOverview, names: list[str]) -> list[str]:
    if not overview.skipped["no_business"]:
        return []
    former = [name for name in overview.former_names if name not in names]
    return [
        f'If "{name}" is an earlier name of the business, add --business-name "{name}".' for name in former
    ]


def report_lines(report: dict[str, Any]) -> list[str]:
    """Return the report for people."""
    conversations, messages, archive = report["conversations"], report["messages"], report["archive"]
    names = " and ".join(f'"{printable(name)}"' for name in archive["businessNames"])
    verb = "would be added" if report["dryRun"] else "added"
    lines = [
        f"The business is {names}, in {pluralize(archive['threads'], 'thread')}.",
        f"Conversations: {conversations['matched']:,} matched, {conversations['suggested']:,} suggested,"
        f" {conversations['new']:,} on their own.",
        f"Messages: {messages['added']:,} {verb}, {messages['known']:,} imported before,"
        f" {messages['adopted']:,} that Facebook shows, too.",
    ]
    skipped = {"file": report["files"]["skipped"], "message": messages["skipped"]}
    return lines + [
        f"Left out: {pluralize(count, what)} ({SHOWN.get(reason, reason.replace('_', ' '))})."
        for what, counts in skipped.items()
        for reason, count in counts.items()
    ]
