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

from conversations import jobs
from conversations.management.progress_bar import OpenDisplay, displays
from conversations.management.side_by_side import SideBySide
from conversations.management.sync_report import no_run, reason, sentences, summary, troubles
from conversations.models import Page, SyncRun
from conversations.sync.progress import OnProgress, SyncProgress
from conversations.sync.service import SyncAlreadyRunning, SyncResult, SyncStopped, sync_conversations

logger = logging.getLogger(__name__)

Status = SyncRun.Status


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
        with displays(sys.stderr, tell_ends=len(pages) > 1) as open_display:
            results = sync_pages(pages, full=full, open_display=open_display)
        ledgers = ledgers_of(results)
        for one, result in zip(pages, results, strict=True):
            self._report(one, result, ledgers.get(result.run), as_json=options["json"])
        if options["json"]:
            self.stdout.write(json.dumps(summary(results, ledgers, time.monotonic() - started)))
        if not pages:
            raise CommandError("No Page is connected. Connect one: manage.py connectpage FACEBOOK_PAGE_ID")
        if any(result.status != Status.COMPLETE for result in results):
            sys.exit(1)

    def _report(self, page: Page, result: SyncResult, ledger: dict | None, *, as_json: bool) -> None:
        is_complete = result.status == Status.COMPLETE
        if not as_json:
            for sentence in sentences(page, result, ledger):
                self.stdout.write(sentence)
        if not is_complete:
            self.stderr.write(f"{result.page}: {result.status}. {reason(result)}".strip())
        if not (as_json and is_complete):
            for trouble in troubles(page, ledger):
                (self.stderr if as_json else self.stdout).write(trouble)


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


def ledgers_of(results: list[SyncResult]) -> dict[int, dict]:
    """By run; none where the database is gone."""
    with suppress(DatabaseError):
        runs = SyncRun.objects.filter(pk__in=[result.run for result in results])
        return dict(runs.values_list("pk", "ledger"))
    return {}


# -- one Page, or several side by side ---------------------------------------------------------------------
def sync_pages(pages: list[Page], *, full: bool, open_display: OpenDisplay) -> list[SyncResult]:
    """The results in the order of the Pages."""
    if len(pages) == 1:
        with on_signals(stop_at_once):
            return [sync(pages[0], None, full=full, show=open_display(pages[0]))]
    begun: dict[int, int] = {}  # by Page: its run

    def sync_one(page: Page, stopping: threading.Event) -> SyncResult:
        if stopping.is_set():
            return stopped_before(page)
        display = open_display(page)

        def show(progress: SyncProgress) -> None:
            begun[page.pk] = progress.run
            display(progress)

        return sync(page, stopping, full=full, show=show)

    side_by_side = SideBySide(pages, sync_one)
    with on_signals(side_by_side.stop):
        results = side_by_side.run(stop_seconds=jobs.STOP_SECONDS)
        return [results.get(page.pk) or give_up(page, begun.get(page.pk)) for page in pages]


def sync(page: Page, stopping: threading.Event | None, *, full: bool, show: OnProgress) -> SyncResult:
    try:
        return sync_conversations(page, full=full, on_progress=show, stopping=stopping)
    except SyncAlreadyRunning as error:
        return no_run(page, Status.ERROR, str(error), run=error.run)
    except KeyboardInterrupt:
        return stopped_before(page)
    except DatabaseError as error:
        first_line = (str(error).splitlines() or ["no reason given"])[0]
        return no_run(page, Status.ERROR, f"PostgreSQL: {first_line}")
    except Exception as error:  # whatever it is, it is not the other Pages' fault
        logger.exception("[page %s] the sync failed", page.pk)
        return no_run(page, Status.ERROR, f"Inbox itself failed: {type(error).__name__} {error}")


def stopped_before(page: Page) -> SyncResult:
    return no_run(page, Status.INTERRUPTED, "It was stopped before it began.")


def give_up(page: Page, run_id: int | None) -> SyncResult:
    """The result of a sync whose thread hangs in a call while the process ends."""
    if run_id is None:
        return stopped_before(page)
    jobs.abandon(run_id)
    return SyncResult.of(SyncRun.objects.select_related("page").get(pk=run_id))


def stop_at_once() -> None:
    """In mid-call or mid-wait."""
    raise SyncStopped


@contextmanager
def on_signals(stop: Callable[[], None]) -> Iterator[None]:
    """SIGINT and SIGTERM stop what is under way; the next of either ends the process."""
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
