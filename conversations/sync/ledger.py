"""The ledger: every thread that Facebook lists of a Page, accounted for."""

from collections.abc import Mapping

from django.db.models import Count, Q, Sum
from django.db.models.functions import Coalesce

from conversations.models import Page, Thread

STATES = Thread.State.values  # each thread is in one of them: they add up to `listed`
MESSAGES = {"listed": "message_count", "held": "held_count", "unreadable": "unreadable_count"}


def take_ledger(page: Page) -> dict:
    """The account of this Page as of now, in one statement.

    `{"threads": {"listed", "stored", "merged", "unreadable", "owed"}, "messages": {"listed", "held",
    "unreadable"}}`, all numbers; the four states of threads add up to `listed`. Where the Page has threads
    on two platforms, `platforms` has the same of each by its name. What Facebook once listed stays in it.
    """
    rows = page.threads.order_by().values("platform").annotate(**_counts(), **_sums())
    platforms = {row["platform"]: _account(row) for row in rows.order_by("platform")}
    ledger = _added_up(list(platforms.values()))
    return ledger | {"platforms": platforms} if len(platforms) > 1 else ledger


def in_words(ledger: dict) -> str:
    """The account of threads as one sentence; empty where there is no ledger."""
    if not ledger:
        return ""
    threads = ledger["threads"]
    listed = f"{threads['listed']:,} thread{'s' * (threads['listed'] != 1)}"
    return f"Facebook lists {listed}: " + ", ".join(f"{threads[state]:,} {state}" for state in STATES)


def _counts() -> dict:
    counts = {f"threads_{state}": Count("pk", filter=Q(state=state)) for state in STATES}
    return {"threads_listed": Count("pk"), **counts}


def _sums() -> dict:
    return {f"messages_{name}": Coalesce(Sum(column), 0) for name, column in MESSAGES.items()}


def _account(row: Mapping) -> dict:
    return {
        "threads": {name: row[f"threads_{name}"] for name in ("listed", *STATES)},
        "messages": {name: int(row[f"messages_{name}"]) for name in MESSAGES},
    }


def _added_up(accounts: list[dict]) -> dict:
    names = {"threads": ("listed", *STATES), "messages": tuple(MESSAGES)}
    return {
        kind: {name: sum(account[kind][name] for account in accounts) for name in of_kind}
        for kind, of_kind in names.items()
    }
