"""Takes pending deliveries from their table, which is the queue, and has them worked on.

A new delivery has no Page: `assign()` finds it, and splits a body that names several. Then the deliveries of
a Page are worked on, oldest first, in batches. Each batch is a transaction with an advisory lock, which keeps
other processes out and ends with this one.
"""

import logging
import time
from collections.abc import Callable, Sequence

from django.db import connection, transaction
from django.db.models import Q

from conversations.lib.locks import WEBHOOKS, try_lock_until_commit
from conversations.lib.sql_files import read_statements
from conversations.models import Page, WebhookDelivery
from conversations.models.privacy import Erasure
from conversations.webhooks import blanking, entries
from conversations.webhooks.delivering import give_up, is_passing, work_on

logger = logging.getLogger(__name__)

STATEMENTS = read_statements(__file__)
State = WebhookDelivery.State
MAX_ROWS, MAX_BYTES = 100, 8 * 2**20  # of one batch
RETRY_SECONDS, PAUSE_SECONDS = 60.0, 0.2  # how long a retry waits for another process that works on the same
NO_PAGE = "No connected Page: {}"
TEST = "A test from Facebook's dashboard arrived."


def drain(is_stopped: Callable[[], bool] = lambda: False) -> int:
    """Work on all pending deliveries that no other process works on. Return how many."""
    number = 0
    while not is_stopped() and assign():
        pass
    for page in _pages_with_work():
        while not is_stopped() and (worked := _work_on_some(page)):
            number += worked
    return number


def _pages_with_work() -> list[Page]:
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS["pages_with_work"])
        ids = [page_id for (page_id,) in cursor.fetchall()]
    return list(Page.objects.filter(pk__in=ids).order_by("pk"))


@transaction.atomic
def _work_on_some(page: Page) -> int:
    """Work on the next batch of the Page. Return 0 if there is none, or if another process does.

    The commit does not wait for the disk, during which staff could not change rows of the Page. After a crash
    of the database the last batches are missing together with the states of their deliveries, which are
    pending again.
    """
    if not try_lock_until_commit(WEBHOOKS, page.pk):
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")
        cursor.execute(
            STATEMENTS["next_batch"], {"page": page.pk, "max_rows": MAX_ROWS, "max_bytes": MAX_BYTES}
        )
        ids = [delivery_id for (delivery_id,) in cursor.fetchall()]
    deliveries = list(WebhookDelivery.objects.filter(pk__in=ids).order_by("received_at", "pk"))
    if deliveries:
        work_on(page, deliveries)
    return len(deliveries)


# -- finding the Page --------------------------------------------------------------------------------------
@transaction.atomic
def assign() -> int:
    """Find the Pages of the next new deliveries. Return how many deliveries were looked at."""
    new = WebhookDelivery.objects.filter(state=State.PENDING, page=None).order_by("received_at", "pk")
    rows = list(new.select_for_update(skip_locked=True)[:MAX_ROWS])
    if rows:
        pages = _pages_by_account()
        owners: dict[Page, list[int]] = {}
        for row in rows:
            if owner := _assign_row(row, pages):
                owners.setdefault(owner, []).append(row.pk)
        for page, ids in owners.items():
            WebhookDelivery.objects.filter(pk__in=ids).update(page=page)
    return len(rows)


def _assign_row(row: WebhookDelivery, pages: dict[str, Page]) -> Page | None:
    """Whatever is in the body costs only this delivery: all others wait for the end of the transaction."""
    try:
        return assign_one(row, pages)
    except Exception as error:
        if is_passing(error):
            raise
        give_up(row, error)
        return None


def assign_one(row: WebhookDelivery, pages: dict[str, Page]) -> Page | None:
    """Give the delivery its Page; one that names several becomes one for each of them.

    The usual one, of a single Page, is left as it is: its Page is returned, and the caller saves it.
    """
    try:
        found = entries.entries_of(bytes(row.body))
    except entries.Unreadable as error:
        _end(row, State.FAILED, str(error))
        return None
    real = [entry for entry in found if not entry.is_test]
    if not real:
        _end(row, State.IGNORED, TEST, items=sum(len(entry.items) for entry in found))
        return None
    parts: dict[Page | None, list[entries.Entry]] = {}
    for entry in real:
        parts.setdefault(pages.get(entry.account_id), []).append(entry)
    (page, own), *others = parts.items()
    if page and not others and len(real) == len(found):
        return page
    with transaction.atomic():
        for other, its in others:
            part = WebhookDelivery(received_at=row.received_at, body=entries.body_of(its))
            _assign_part(part, other, its)
        if others or len(real) < len(found):
            row.body = entries.body_of(own)
        _assign_part(row, page, own)
    return None


def _assign_part(row: WebhookDelivery, page: Page | None, own: Sequence[entries.Entry]) -> None:
    row.page = page
    if page is None:
        accounts = sorted({entry.account_id[:40] or "none" for entry in own})
        row.people = entries.people_in(own)  # so that it is found when one of them is deleted
        if _are_erased(accounts):
            blanking.blank(row)
        _end(
            row, State.IGNORED, NO_PAGE.format(", ".join(accounts[:5])), items=sum(len(e.items) for e in own)
        )
    else:
        row.save()


def _are_erased(accounts: Sequence[str]) -> bool:
    """Whether these are of a Page of which everything was deleted."""
    erased = Erasure.objects.filter(kind=Erasure.Kind.PAGE, keeps_page=False)
    return erased.filter(account_ids__overlap=accounts).exists()


def _end(row: WebhookDelivery, state: str, error: str, *, items: int = 0) -> None:
    row.state, row.error, row.items, row.attempts = state, error, items, row.attempts + 1
    row.save()


def _pages_by_account() -> dict[str, Page]:
    """Return the Pages by all IDs under which Facebook may name them."""
    pages: dict[str, Page] = {}
    for page in Page.objects.defer("access_token").order_by("-pk"):
        pages |= dict.fromkeys(page.business_ids, page)
    return pages


# -- again -------------------------------------------------------------------------------------------------
def retry() -> dict[str, int]:
    """Work again on deliveries of which something was unknown or failed. Return how many have which state.

    Ignored ones are tried, too, if their Page is connected by now.
    """
    failing = Q(state__in=[State.PARTIAL, State.FAILED, State.IGNORED]) & ~Q(body=b"")
    before = list(WebhookDelivery.objects.filter(failing).values_list("pk", flat=True))
    rows = WebhookDelivery.objects.filter(pk__in=before)
    rows.update(state=State.PENDING, page=None)
    deadline = time.monotonic() + RETRY_SECONDS
    drain()
    while rows.filter(state=State.PENDING).exists() and time.monotonic() < deadline:
        time.sleep(PAUSE_SECONDS)  # a worker has them
        drain()
    return {state: rows.filter(state=state).count() for state in State.values}
