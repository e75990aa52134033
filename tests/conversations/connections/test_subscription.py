"""The subscription to the webhooks of a Page: made, looked at, mended."""

from datetime import timedelta

import pytest
from django.utils import timezone

from conversations import tasks
from conversations.connections import subscription
from conversations.connections.connect import connect_page
from conversations.connections.subscription import FIELDS, check_subscription, claim_due_pages, unsubscribe
from conversations.graph.errors import GraphError
from conversations.models import Page, SyncRun
from conversations.models.insight import SLOT_SECONDS, MessageBucket
from conversations.sandbox import faults
from conversations.sandbox.webhooks.field_names import PAGE_FIELDS

pytestmark = pytest.mark.django_db
SUBSCRIBED_APPS = "/subscribed_apps"


@pytest.fixture(autouse=True)
def configured(settings):
    settings.FACEBOOK_WEBHOOK_SECRETS = ["secret"]
    settings.PUBLIC_URL = "https://inbox.example.com"


@pytest.fixture
def subscribed(page) -> Page:
    check_subscription(page, subscribes=True)
    return page


def live(page: Page) -> tuple[str, bool]:
    """Return the stored state, and whether a reason is given."""
    page.refresh_from_db()
    return page.live_state, bool(page.live_reason)


def test_connected_page_is_subscribed_where_webhooks_can_come(sandbox, shop, settings):
    settings.PUBLIC_URL = ""
    connect_page(shop.id, shop.token)
    settings.PUBLIC_URL, settings.FACEBOOK_WEBHOOK_SECRETS = "https://inbox.example.com", []
    connect_page(shop.id, shop.token)
    assert not sandbox.call_log.matching(SUBSCRIBED_APPS)
    assert live(Page.objects.get()) == ("off", False)
    settings.FACEBOOK_WEBHOOK_SECRETS = ["secret"]
    result = connect_page(shop.id, shop.token)
    assert shop.subscribed_fields == FIELDS
    assert live(result.page) == ("subscribed", False)
    assert "Webhooks: subscribed." in result.notes
    since = result.page.subscribed_at
    assert connect_page(shop.id, shop.token).page.subscribed_at == since, "there was no break"


def test_refusal_is_a_note_and_the_page_is_connected(sandbox, world, shop):
    world.tokens[shop.token].granted.discard("pages_manage_metadata")
    result = connect_page(shop.id, shop.token)
    assert result.page.connection == ("connected", "")
    assert live(result.page) == ("off", True)
    [note] = [note for note in result.notes if note.startswith("Webhooks: not subscribed.")]
    assert "pages_manage_metadata" in note


def test_fields_that_somebody_has_added_stay(page, shop):
    shop.subscribed_fields = ("messages", "feed")
    check_subscription(page, subscribes=True)
    assert set(shop.subscribed_fields) == {*FIELDS, "feed"}


def test_field_that_facebook_does_not_know_costs_only_the_optional_ones(page, shop, monkeypatch):
    monkeypatch.setattr(subscription, "FIELDS", ("messages", "message_echoes", "messaging_seen"))
    check_subscription(page, subscribes=True)
    assert shop.subscribed_fields == ("messages", "message_echoes")
    assert live(page) == ("subscribed", True)
    assert "messaging_seen" in page.live_reason


def test_lost_subscription_is_made_again_and_has_a_gap(subscribed, shop):
    assert not check_subscription(subscribed).had_gap
    since = subscribed.subscribed_at
    shop.subscribed_fields = ()
    check = check_subscription(subscribed)
    assert (check.was_subscribed, check.had_gap) == (False, True)
    assert shop.subscribed_fields == FIELDS
    assert live(subscribed) == ("subscribed", False)
    assert subscribed.subscribed_at > since


def test_subscription_that_cannot_be_made_again_is_lost(subscribed, shop, sandbox):
    shop.subscribed_fields = ()
    sandbox.faults.add(faults.permission_error(200), path=SUBSCRIBED_APPS, after=1)
    with pytest.raises(GraphError):
        check_subscription(subscribed)
    assert live(subscribed) == ("lost", True)
    assert check_subscription(subscribed).had_gap
    assert live(subscribed) == ("subscribed", False)


def test_outage_says_nothing_about_the_subscription(subscribed, sandbox):
    sandbox.faults.add(faults.unavailable(), times=None, path=SUBSCRIBED_APPS)
    with pytest.raises(GraphError):
        check_subscription(subscribed)
    assert live(subscribed) == ("subscribed", False)


def test_page_that_is_not_subscribed_is_only_looked_at(page, shop):
    check_subscription(page)
    assert (live(page), shop.subscribed_fields) == (("off", False), ())
    shop.subscribed_fields = PAGE_FIELDS  # somebody did it in the dashboard
    check_subscription(page)
    assert live(page) == ("subscribed", False)


def test_among_several_apps_only_ours_counts(page, shop, settings):
    shop.other_apps.append({"id": "5", "subscribed_fields": list(FIELDS)})
    settings.FACEBOOK_APP_ID = "100000000000000"
    check_subscription(page)
    assert live(page) == ("off", False)
    check_subscription(page, subscribes=True)
    assert shop.subscribed_fields == FIELDS
    since, settings.FACEBOOK_APP_ID = page.subscribed_at, ""
    assert check_subscription(page).was_subscribed, "the token tells the app"
    shop.subscribed_fields = ()
    assert check_subscription(page).had_gap, "that of another app does not count"
    assert (shop.subscribed_fields, page.subscribed_at > since) == (FIELDS, True)


def posts(sandbox) -> int:
    return sum(call.method == "POST" for call in sandbox.call_log.matching(SUBSCRIBED_APPS))


def test_look_at_a_subscription_changes_nothing(subscribed, sandbox, settings):
    sandbox.call_log.clear()
    for app_id in ("100000000000000", ""):
        settings.FACEBOOK_APP_ID = app_id
        assert not check_subscription(subscribed).had_gap
    assert posts(sandbox) == 0


def test_app_that_facebook_does_not_tell_is_subscribed_again_without_a_gap(page, shop, sandbox):
    sandbox.faults.add(faults.permission_error(200), times=None, path="/app")
    shop.other_apps.append({"id": "5", "subscribed_fields": list(FIELDS)})
    check_subscription(page)
    assert (live(page), posts(sandbox)) == (("off", False), 0), "the other app is not ours"
    check_subscription(page, subscribes=True)
    since = page.subscribed_at
    assert not check_subscription(page).had_gap
    assert (live(page), page.subscribed_at, posts(sandbox)) == (("subscribed", False), since, 2)
    unsubscribe(page)
    check_subscription(page)
    assert live(page) == ("off", False)


def test_removed_subscription_stays_off(subscribed, shop):
    unsubscribe(subscribed)
    assert (live(subscribed), shop.subscribed_fields) == (("off", False), ())
    check_subscription(subscribed)
    assert shop.subscribed_fields == ()


# -- when to look ------------------------------------------------------------------------------------------
def test_pages_are_looked_at_daily(subscribed, settings):
    assert claim_due_pages() == []
    Page.objects.update(next_subscription_check=timezone.now())
    assert claim_due_pages() == [subscribed.pk]
    assert claim_due_pages() == [], "the job has an hour"
    Page.objects.update(next_subscription_check=None)
    settings.FACEBOOK_WEBHOOK_SECRETS = []
    assert claim_due_pages() == []


def test_page_that_is_unusually_quiet_is_looked_at_once(subscribed):
    now = timezone.now()
    slot = int(now.timestamp()) // SLOT_SECONDS
    week_ago = now - timedelta(days=8)
    Page.objects.update(subscribed_at=week_ago, last_delivery_at=now - timedelta(hours=7))
    # At night it is quiet for four hours.
    slots = [slot - 28 - 16 * number for number in range(20)]
    MessageBucket.objects.bulk_create(
        [MessageBucket(page=subscribed, slot=number, received=1) for number in slots]
    )
    Page.objects.update(next_subscription_check=now - timedelta(hours=2) + subscription.DAY)
    assert claim_due_pages() == [subscribed.pk]
    check_subscription(subscribed)
    assert claim_due_pages() == [], "nobody looks twice for the same silence"
    Page.objects.update(
        last_delivery_at=now - timedelta(hours=5),
        next_subscription_check=now - timedelta(hours=6) + subscription.DAY,
    )
    assert claim_due_pages() == [], "five hours are usual"


def test_number_of_statements_does_not_depend_on_the_number_of_pages(subscribed, django_assert_num_queries):
    def quiet(number: int) -> Page:
        long_ago = timezone.now() - timedelta(days=8)
        live = {"live_state": "subscribed", "subscribed_at": long_ago, "last_delivery_at": long_ago}
        looked_at = {"next_subscription_check": timezone.now() + subscription.DAY}
        return Page.objects.create(facebook_page_id=f"91{number}", access_token="x", **live, **looked_at)

    quiet(0)
    with django_assert_num_queries(4):
        claim_due_pages()
    for number in range(1, 5):
        quiet(number)
    with django_assert_num_queries(4):
        claim_due_pages()


def test_job_mends_and_syncs(subscribed, shop, monkeypatch):
    monkeypatch.setattr(tasks.connection, "close", lambda: None)
    shop.subscribed_fields = ()
    tasks.watch_subscription(subscribed.pk)
    assert shop.subscribed_fields == FIELDS
    run = SyncRun.objects.get()
    assert (run.trigger, run.status) == ("subscription", "queued")


@pytest.mark.parametrize(
    ("state", "minutes", "is_due"),
    [("subscribed", 30, False), ("subscribed", 61, True), ("silent", 30, True), ("off", 30, True)],
)
def test_live_page_is_synced_every_hour(page, monkeypatch, settings, state, minutes, is_due):
    settings.SYNC_EVERY_MINUTES = 10
    monkeypatch.setattr(tasks.connection, "close", lambda: None)
    now = timezone.now()
    Page.objects.update(live_state=state, last_delivery_at=now, last_synced_at=now, last_full_sync_at=now)
    ended = now - timedelta(minutes=minutes)
    SyncRun.objects.create(page=page, mode="full", trigger="x", status="complete", ended_at=ended)
    tasks.keep_current(0)
    assert page.runs.filter(status="queued").exists() == is_due
