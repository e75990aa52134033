"""Times and durations as the admin shows them."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from conversations.admin.formatting import time_ago

NOW = datetime(2026, 3, 18, 14, 30, tzinfo=UTC)  # a Wednesday


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (NOW - timedelta(seconds=59), "just now"),
        (NOW - timedelta(minutes=5), "5 min ago"),
        (NOW - timedelta(minutes=59, seconds=59), "59 min ago"),
        (NOW - timedelta(hours=3), "3 h ago"),
        (NOW - timedelta(hours=24, minutes=28), "yesterday 14:02"),
        (NOW - timedelta(days=3), "Sun 14:30"),
        (NOW - timedelta(days=6), "12 Mar, 14:30"),
        (NOW - timedelta(days=500), "3 Nov 2024, 14:30"),
        (NOW + timedelta(minutes=2), "18 Mar, 14:32"),
        (NOW + timedelta(days=400), "22 Apr 2027, 14:30"),
    ],
)
def test_times_are_relative_to_now(moment, text):
    assert f">{text}</time>" in time_ago(moment, NOW)


def test_exact_time_is_shown_in_the_time_zone():
    with timezone.override("Europe/Berlin"):
        html = time_ago(NOW.replace(hour=23, minute=10) - timedelta(days=1), NOW)
    assert html == (
        '<time class="inbox-nowrap" datetime="2026-03-18T00:10:00+01:00"'
        ' title="Wednesday, 18 March 2026, 00:10:00 CET">15 h ago</time>'
    )
    assert time_ago(None) is None
