"""Each problem of a Page opens one alert, which is closed when the problem is over."""

from datetime import timedelta

import pytest
from django.utils import timezone

from conversations.alerts.watch import watch
from conversations.models import Alert, Page
from conversations.models.pages import delete_expired
from conversations.models.privacy import Erasure
from tests.factories import PageFactory, SyncRunFactory

NOW = timezone.now


def open_causes() -> list[str]:
    watch()
    return sorted(Alert.objects.filter(closed_at=None).values_list("cause", flat=True))


def change(**values) -> None:
    Page.objects.update(**values)


def test_page_without_problems_has_no_alert(page):
    SyncRunFactory(page=page)
    change(access_ends_at=NOW() + timedelta(days=8), live_state="silent")
    assert open_causes() == []


@pytest.mark.parametrize(
    ("cause", "wrong", "right"),
    [
        ("token", {"state": "reconnect"}, {"state": "connected"}),
        ("token", {"access_token": ""}, {"access_token": "EAAnew"}),
        ("subscription", {"live_state": "lost"}, {"live_state": "subscribed"}),
        ("expiry", {"access_ends_at": timedelta(days=6)}, {"access_ends_at": timedelta(days=60)}),
        ("expiry", {"access_ends_at": timedelta(days=-1)}, {"access_ends_at": None}),
        ("sync", {"last_synced_at": timedelta(hours=-25)}, {"last_synced_at": timedelta()}),
        ("sync", {"last_synced_at": None}, {"last_synced_at": timedelta()}),
    ],
)
def test_problem_opens_one_alert_until_it_is_over(page, cause, wrong, right):
    def times(values):
        now = NOW()
        return {key: now + value if isinstance(value, timedelta) else value for key, value in values.items()}

    change(**times(wrong))
    assert open_causes() == open_causes() == [cause]
    assert Alert.objects.count() == 1
    change(**times(right))
    assert open_causes() == []
    change(**times(wrong))
    assert open_causes() == [cause]
    assert Alert.objects.count() == 2


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        ([("full", "error")], ["audit"]),
        ([("full", "error"), ("incremental", "complete")], ["audit"]),
        ([("full", "error"), ("full", "interrupted")], ["audit"]),
        ([("full", "error"), ("full", "complete")], []),
        ([("full", "complete_with_errors")], ["audit"]),
        ([("full", "complete_with_errors"), ("incremental", "complete")], []),
        ([("full", "complete"), ("incremental", "error")], []),
        ([("full", "cancelled")], []),
    ],
)
def test_failed_full_sync(page, runs, expected):
    for mode, status in runs:
        SyncRunFactory(page=page, mode=mode, status=status)
    assert open_causes() == expected
    change(last_synced_at=None, created_at=NOW())
    assert open_causes() == [], "the first sync is no audit"


def test_without_access_other_alerts_neither_open_nor_end(page):
    change(live_state="lost")
    assert open_causes() == ["subscription"]
    change(state="reconnect", live_state="off", last_synced_at=NOW() - timedelta(days=3))
    assert open_causes() == ["subscription", "token"]
    change(state="connected")
    assert open_causes() == [], "the day without a sync begins when the Page is connected again"
    assert open_causes() == []
    Alert.objects.filter(cause="token").update(closed_at=NOW() - timedelta(hours=25))
    assert open_causes() == ["sync"]


def test_no_sync_is_missed_where_none_is_scheduled(page, settings):
    settings.SYNC_EVERY_MINUTES = 0
    change(last_synced_at=NOW() - timedelta(days=3))
    assert open_causes() == []


def test_page_that_is_being_deleted_needs_nobody(page):
    change(state="reconnect")
    Erasure.objects.create(kind="page", page=page, facebook_page_id=page.facebook_page_id)
    assert open_causes() == []


def test_number_of_queries_does_not_grow_with_pages(page, django_assert_num_queries):
    PageFactory.create_batch(3, last_synced_at=NOW())
    with django_assert_num_queries(5):  # savepoint, lock, open alerts, Pages, savepoint
        watch()


def test_old_alerts_are_deleted(page):
    change(live_state="lost")
    assert open_causes() == ["subscription"]
    page.alerts.create(cause="sync", closed_at=NOW() - timedelta(days=91))
    page.alerts.create(cause="sync", closed_at=NOW() - timedelta(days=89))
    delete_expired()
    assert Alert.objects.count() == 2
