"""Clocks: budgets, locks, second factors and the window for answers depend on them."""

import time
from collections.abc import Iterator
from datetime import UTC
from email.utils import parsedate_to_datetime

import requests
from django.conf import settings
from django.db import connection

from conversations.management.doctor.check_results import Result, error, ok, warning

OFF_SECONDS, WRONG_SECONDS = 3, 60
TIMEOUT_SECONDS = 5
ADVICE = "Let the machines set their clocks by the network (systemd-timesyncd, chrony)."


def compare(ours: float, theirs: float, whose: str, *, unsure: float) -> Result:
    """Both are seconds since 1970; `unsure` is how far they may differ by the way of asking."""
    difference = ours - theirs
    off = max(0.0, abs(difference) - unsure)
    if off < OFF_SECONDS:
        return ok(f"this machine agrees with {whose}")
    direction = "ahead of" if difference > 0 else "behind"
    text = f"this machine is {abs(difference):.0f} seconds {direction} {whose}"
    return (error if off >= WRONG_SECONDS else warning)(text, ADVICE)


def check_database_clock() -> Iterator[Result]:
    with connection.cursor() as cursor:
        started = time.time()
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())::float")
        [theirs] = cursor.fetchone()
        ended = time.time()
    yield compare((started + ended) / 2, theirs, "PostgreSQL", unsure=(ended - started) / 2)


def check_facebook_clock() -> Iterator[Result]:
    """Compare with the header Date of an answer, for which no token is sent."""
    url = f"{settings.GRAPH_API_URL}/{settings.GRAPH_API_VERSION}/me"
    started = time.time()
    try:
        with requests.get(url, timeout=TIMEOUT_SECONDS, allow_redirects=False, stream=True) as answer:
            date = answer.headers.get("Date", "")
    except requests.RequestException as problem:
        yield error(
            f"Facebook cannot be reached from here ({type(problem).__name__})",
            "Check the network of this machine, its firewall and proxy, and GRAPH_API_URL.",
        )
        return
    ended = time.time()
    try:
        theirs = parsedate_to_datetime(date).replace(tzinfo=UTC).timestamp()
    except ValueError:
        yield warning("Facebook did not tell its time", "Repeat it later.")
        return
    # The header has whole seconds.
    yield compare((started + ended) / 2, theirs, "Facebook", unsure=1 + (ended - started) / 2)
