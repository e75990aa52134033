"""What a sync from the command line says of how it ended: sentences for people, JSON for programs."""

from collections.abc import Iterator

from conversations.models import Page, SyncRun, Thread
from conversations.sync import ledger
from conversations.sync.service import SyncResult

Status, State = SyncRun.Status, Thread.State
BEST_TO_WORST = [
    Status.COMPLETE,
    Status.COMPLETE_WITH_ERRORS,
    Status.CANCELLED,
    Status.INTERRUPTED,
    Status.ERROR,
]
COUNTERS = ("synced", "inserted", "updated", "unchanged", "skipped", "events_created", "requests")
JSON_NAMES = {"events_created": "eventsCreated"}
TROUBLES = 20  # threads that are named; the others are in the admin and behind the API
REASON_LENGTH = 200


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


# -- for programs ------------------------------------------------------------------------------------------
def summary(results: list[SyncResult], ledgers: dict[int, dict], duration: float) -> dict:
    """What --json prints: all Pages summed, and each run by itself. `ledgers`: by run."""
    status = max((Status(result.status) for result in results), key=BEST_TO_WORST.index, default=Status.ERROR)
    modes = {result.mode for result in results}
    return {
        "status": str(status),
        **{JSON_NAMES.get(name, name): sum(getattr(result, name) for result in results) for name in COUNTERS},
        "mode": "full" if "full" in modes else "incremental",
        "duration": round(duration, 3),
        "runs": [run_summary(result, ledgers.get(result.run)) for result in results],
    }


def run_summary(result: SyncResult, its_ledger: dict | None) -> dict:
    return {
        "page": result.page,
        "run": result.run or None,
        "status": result.status,
        **{JSON_NAMES.get(name, name): getattr(result, name) for name in COUNTERS},
        "mode": result.mode,
        "duration": round(result.duration, 3),
        "ledger": its_ledger or None,
    }


# -- for people --------------------------------------------------------------------------------------------
def sentences(page: Page, result: SyncResult, its_ledger: dict | None) -> Iterator[str]:
    yield (
        f"{printable(str(page))}: {result.status}. {result.synced:,} conversations ({result.inserted:,} new, "
        f"{result.updated:,} changed, {result.unchanged:,} unchanged, {result.skipped:,} unreadable, "
        f"{result.owed:,} owed), {result.events_created:,} new messages, "
        f"{result.requests:,} request{'s' * (result.requests != 1)}, "
        f"{result.duration:.1f} s"
    )
    if its_ledger:
        yield ledger.in_words(its_ledger)


def reason(result: SyncResult) -> str:
    """Why it is not complete."""
    if result.status == Status.COMPLETE_WITH_ERRORS:
        return f"{result.owed:,} owed: the next sync asks for them again."
    return result.error


def troubles(page: Page, its_ledger: dict | None) -> Iterator[str]:
    """The threads of this Page that are owed or unreadable, each with its reason; of many the newest."""
    if not its_ledger:
        return
    threads = page.threads.filter(state__in=[State.OWED, State.UNREADABLE]).order_by("state", "-pk")
    for state, graph_id, reason in threads.values_list("state", "graph_id", "reason")[:TROUBLES]:
        yield f"  {state} {printable(graph_id)}: {printable(reason)[:REASON_LENGTH] or 'no reason given'}"
    left = its_ledger["threads"]["owed"] + its_ledger["threads"]["unreadable"] - TROUBLES
    if left > 0:
        where = f"/api/pages/{page.pk}/threads?state="
        yield f"  and {left:,} more: see {where}{State.OWED} and {where}{State.UNREADABLE}, or the admin"


def printable(text: str) -> str:
    """What Facebook sent, without what would command the terminal."""
    return "".join(character if character.isprintable() else "?" for character in text)
