"""Syncs the conversations of connected Pages in the foreground: `manage.py syncconversations`."""

import gc
import json
import logging
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from conversations.lib.private import describe_shortly
from conversations.management.page_pool import PagePool
from conversations.management.progress_display import OpenDisplay, progress_displays
from conversations.management.progress_text import status_label
from conversations.management.sync_report import (
    failed_result,
    failure_reason,
    problem_lines,
    report_lines,
    summary,
)
from conversations.models import Page, SyncRun
from conversations.sync import run_lifecycle
from conversations.sync.progress import OnProgress, SyncProgress
from conversations.sync.service import SyncAlreadyRunning, SyncResult, SyncStopped, sync_conversations

logger = logging.getLogger(__name__)

Status = SyncRun.Status


class Command(BaseCommand):
    help = "Syncs the conversations of the connected Pages into the database."
    requires_system_checks = []  # they import every view; `manage.py check` runs them

    def add_arguments(self, parser):
        parser.add_argument(
            "--page",
            action="append",
            default=[],
            metavar="FACEBOOK_PAGE_ID",
            help="sync this Page only; may be repeated",
        )
        parser.add_argument(
            "--full", action="store_true", help="sync all conversations, not only the changed ones"
        )
        parser.add_argument("--json", action="store_true", help="print one line of JSON at the end")

    def handle(self, *, page: list[str], full: bool, **options):
        gc.freeze()  # everything imported so far stays: no collection during the sync looks at it
        gc.enable()  # manage.py has disabled it
        started, pages = time.monotonic(), pages_to_sync(page)
        with progress_displays(sys.stderr, show_end=len(pages) > 1) as open_display:
            results = sync_pages(pages, full=full, open_display=open_display)
        coverages = coverages_of(results)
        for synced_page, result in zip(pages, results, strict=True):
            self._report(synced_page, result, coverages.get(result.run), as_json=options["json"])
        if options["json"]:
            self.stdout.write(json.dumps(summary(results, coverages, time.monotonic() - started)))
        if not pages:
            raise CommandError("No Page is connected. Connect one: manage.py connectpage FACEBOOK_PAGE_ID")
        if any(result.status != Status.COMPLETE for result in results):
            sys.exit(1)

    def _report(self, page: Page, result: SyncResult, coverage: dict | None, *, as_json: bool) -> None:
        is_complete = result.status == Status.COMPLETE
        if not as_json:
            for line in report_lines(page, result, coverage):
                self.stdout.write(line)
        if not is_complete:
            self.stderr.write(
                f"{result.page}: {status_label(result.status)}. {failure_reason(result)}".strip()
            )
        if not (as_json and is_complete):
            for line in problem_lines(page, coverage):
                (self.stderr if as_json else self.stdout).write(line)


def pages_to_sync(facebook_page_ids: list[str]) -> list[Page]:
    if not facebook_page_ids:
        return list(Page.objects.order_by("pk"))
    known = {
        page.facebook_page_id: page for page in Page.objects.filter(facebook_page_id__in=facebook_page_ids)
    }
    for facebook_page_id in facebook_page_ids:
        if facebook_page_id not in known:
            raise CommandError(f"No Page with the ID {facebook_page_id!r} is connected.", returncode=2)
    return [known[facebook_page_id] for facebook_page_id in dict.fromkeys(facebook_page_ids)]


def coverages_of(results: list[SyncResult]) -> dict[int, dict]:
    """Return the coverage reports by run; none if the database cannot be reached."""
    with suppress(DatabaseError):
        runs = SyncRun.objects.filter(pk__in=[result.run for result in results])
        return dict(runs.values_list("pk", "ledger"))
    return {}


# -- one Page or several at once ---------------------------------------------------------------------------
def sync_pages(pages: list[Page], *, full: bool, open_display: OpenDisplay) -> list[SyncResult]:
    """Return the results in the order of the Pages."""
    if len(pages) == 1:
        with on_signals(stop_at_once):
            return [sync(pages[0], None, full=full, show=open_display(pages[0]))]
    run_ids: dict[int, int] = {}  # by Page

    def sync_one(page: Page, stopping: threading.Event) -> SyncResult:
        if stopping.is_set():
            return never_started(page)
        display = open_display(page)

        def show(progress: SyncProgress) -> None:
            run_ids[page.pk] = progress.run
            display(progress)

        return sync(page, stopping, full=full, show=show)

    pool = PagePool(pages, sync_one)
    with on_signals(pool.stop):
        results = pool.run(stop_seconds=run_lifecycle.STOP_SECONDS)
        return [results.get(page.pk) or abandon(page, run_ids.get(page.pk)) for page in pages]


def sync(page: Page, stopping: threading.Event | None, *, full: bool, show: OnProgress) -> SyncResult:
    try:
        return sync_conversations(page, full=full, on_progress=show, stopping=stopping)
    except SyncAlreadyRunning as error:
        return failed_result(page, Status.ERROR, str(error), run=error.run)
    except KeyboardInterrupt:
        return never_started(page)
    except DatabaseError as error:
        return failed_result(page, Status.ERROR, f"PostgreSQL: {describe_shortly(error)}")
    except Exception as error:  # a bug in the sync of one Page must not end the others
        logger.exception("[page %s] the sync failed", page.pk)
        return failed_result(page, Status.ERROR, f"Inbox itself failed: {describe_shortly(error)}")


def never_started(page: Page) -> SyncResult:
    return failed_result(page, Status.INTERRUPTED, "It was stopped before it started.")


def abandon(page: Page, run_id: int | None) -> SyncResult:
    """Return the result of a sync whose thread hangs in a call while the process ends."""
    if run_id is None:
        return never_started(page)
    run_lifecycle.abandon(run_id)
    return SyncResult.from_run(SyncRun.objects.select_related("page").get(pk=run_id))


def stop_at_once() -> None:
    """Stop the sync even during a call or a wait."""
    raise SyncStopped


@contextmanager
def on_signals(stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` at the first SIGINT or SIGTERM; the next of either ends the process."""
    numbers = (signal.SIGINT, signal.SIGTERM)

    def handle(number, frame) -> None:
        for each in numbers:
            signal.signal(each, signal.SIG_DFL)
        stop()

    before = {number: signal.signal(number, handle) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
