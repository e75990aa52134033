"""The budget of sending, which is not that of reading: neither waits for the other."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from conversations.connections.shared_budget import SharedBudget, closed_seconds
from conversations.graph.errors import GraphError, failure_of
from conversations.models import Page

GAP_SECONDS = 0.1  # between two messages of a Page; Facebook allows far more
MAX_WAIT_SECONDS = 2.0
THROTTLE_SECONDS = 60.0  # if Facebook does not say how long


def seconds_closed(page: Page, platform: str) -> float:
    """Return for how many seconds from now Facebook has asked us to send nothing."""
    return closed_seconds(page.facebook_page_id, _key(platform))


def close(page: Page, platform: str, seconds: float, reason: str) -> float:
    """Let nobody send for this Page. Return for how long."""
    seconds = seconds or THROTTLE_SECONDS
    with SharedBudget(page.facebook_page_id, _key(platform)) as budget:
        budget.close(seconds, reason)
    return seconds


def wait_for_turn(page: Page, platform: str) -> float:
    """Wait until the next message of the Page may go. Return for how long it may not, if that is long."""
    with SharedBudget(page.facebook_page_id, _key(platform)) as budget:
        seconds = budget.reserve(GAP_SECONDS)
    if seconds > MAX_WAIT_SECONDS:
        return seconds
    time.sleep(seconds)
    return 0


def count_call(page: Page, platform: str) -> None:
    """Count a call that waits for no turn: of a file, or for the control of a thread."""
    with SharedBudget(page.facebook_page_id, _key(platform)) as budget:
        budget.count_call()


@contextmanager
def counting_failures(page: Page, platform: str) -> Iterator[None]:
    """Count the call in this block if it fails. Meanwhile there is no connection to the database."""
    try:
        yield
    except GraphError as error:
        with SharedBudget(page.facebook_page_id, _key(platform)) as budget:
            budget.count_failure(failure_of(error))
        raise


def _key(platform: str) -> str:
    return f"{platform}:send"
