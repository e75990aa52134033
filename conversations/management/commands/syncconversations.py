import json
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from conversations.management.progress_bar import display_for
from conversations.models import Page, SyncRun
from conversations.sync.service import SyncAlreadyRunning, SyncResult, SyncStopped, sync_conversations

Status = SyncRun.Status
BEST_TO_WORST = [
    Status.COMPLETE,
    Status.COMPLETE_WITH_ERRORS,
    Status.CANCELLED,
    Status.INTERRUPTED,
    Status.ERROR,
]
COUNTERS = ("synced", "inserted", "updated", "unchanged", "skipped", "events_created", "requests")
JSON_NAMES = {"events_created": "eventsCreated"}


class Command(BaseCommand):
    help = "Brings the conversations of the connected Pages into the database."

    def add_arguments(self, parser):
        parser.add_argument(
            "--page",
            action="append",
            default=[],
            metavar="FACEBOOK_PAGE_ID",
            help="this Page only; repeatable",
        )
        parser.add_argument(
            "--full", action="store_true", help="walk all conversations, not only what changed"
        )
        parser.add_argument(
            "--json", action="store_true", help="end with one line of JSON on standard output"
        )

    def handle(self, *, page: list[str], full: bool, **options):
        started, pages = time.monotonic(), pages_to_sync(page)
        with stopped_by_signals():
            results = list(self._sync_all(pages, full=full, quiet=options["json"]))
        if options["json"]:
            self.stdout.write(json.dumps(summary(results, time.monotonic() - started)))
        if not pages:
            raise CommandError("No Page is connected. Connect one: manage.py connectpage FACEBOOK_PAGE_ID")
        troubled = [result for result in results if result.status != Status.COMPLETE]
        for result in troubled:
            self.stderr.write(f"{result.page}: {result.status}. {result.error}".strip())
        if troubled:
            sys.exit(1)

    def _sync_all(self, pages: list[Page], *, full: bool, quiet: bool) -> Iterator[SyncResult]:
        for page in pages:
            result = self._sync(page, full=full)
            if not quiet:
                self.stdout.write(sentence(page, result))
            yield result
            if result.status == Status.INTERRUPTED:
                return

    def _sync(self, page: Page, *, full: bool) -> SyncResult:
        display = display_for(page, sys.stderr)
        try:
            return sync_conversations(page, full=full, on_progress=display.show)
        except SyncAlreadyRunning as error:
            return no_run(page, Status.ERROR, str(error), run=error.run)
        except KeyboardInterrupt:
            return no_run(page, Status.INTERRUPTED, "It was stopped before it began.")
        except DatabaseError as error:
            first_line = (str(error).splitlines() or ["no reason given"])[0]
            return no_run(page, Status.ERROR, f"PostgreSQL: {first_line}")
        finally:
            display.close()


def pages_to_sync(facebook_page_ids: list[str]) -> list[Page]:
    if not facebook_page_ids:
        return list(Page.objects.order_by("pk"))
    known = {
        page.facebook_page_id: page for page in Page.objects.filter(facebook_page_id__in=facebook_page_ids)
    }
    for facebook_page_id in facebook_page_ids:
        if facebook_page_id not in known:
            raise CommandError(f"No Page with the id {facebook_page_id!r} is connected.", returncode=2)
    return [known[facebook_page_id] for facebook_page_id in dict.fromkeys(facebook_page_ids)]


def no_run(page: Page, status: str, error: str, *, run: SyncRun | None = None) -> SyncResult:
    """The result where this command ran nothing itself."""
    mode = run.mode if run else SyncRun.Mode.INCREMENTAL
    zeros = dict.fromkeys([*COUNTERS, "owed"], 0)
    return SyncResult(
        page.facebook_page_id,
        run.pk if run else 0,
        str(status),
        str(mode),
        **zeros,
        duration=0.0,
        error=error,
    )


def summary(results: list[SyncResult], duration: float) -> dict:
    """What --json prints: all Pages summed, and each run by itself."""
    status = max((Status(result.status) for result in results), key=BEST_TO_WORST.index, default=Status.ERROR)
    modes = {result.mode for result in results}
    return {
        "status": str(status),
        **{JSON_NAMES.get(name, name): sum(getattr(result, name) for result in results) for name in COUNTERS},
        "mode": "full" if "full" in modes else "incremental",
        "duration": round(duration, 3),
        "runs": [run_summary(result) for result in results],
    }


def run_summary(result: SyncResult) -> dict:
    return {
        "page": result.page,
        "run": result.run or None,
        "status": result.status,
        **{JSON_NAMES.get(name, name): getattr(result, name) for name in COUNTERS},
        "mode": result.mode,
        "duration": round(result.duration, 3),
    }


def sentence(page: Page, result: SyncResult) -> str:
    return (
        f"{page}: {result.status}. {result.synced:,} conversations ({result.inserted:,} new, "
        f"{result.updated:,} changed, {result.unchanged:,} unchanged, {result.skipped:,} unreadable, "
        f"{result.owed:,} owed), {result.events_created:,} new messages, {result.requests:,} requests, "
        f"{result.duration:.1f} s"
    )


@contextmanager
def stopped_by_signals() -> Iterator[None]:
    """SIGINT and SIGTERM stop the sync at once, in mid-call or mid-wait; a second one ends the process."""

    def stop(number, frame):
        signal.signal(number, signal.SIG_DFL)
        raise SyncStopped

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
