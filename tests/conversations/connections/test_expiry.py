"""When the access to a Page ends is asked when it is connected, by checkpage, and daily."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from conversations.connections import expiry
from conversations.connections.connect import connect_page
from conversations.connections.diagnostics import check_page
from conversations.graph.probes.token import TokenFacts
from conversations.models import Page


@pytest.fixture
def ends(world, shop):
    """The token ends in 50 days, its access to data in 5."""
    moment = int(world.clock.now()) + 5 * 86_400
    world.tokens[shop.token].expires_at = moment + 45 * 86_400
    world.tokens[shop.token].data_access_expires_at = moment
    return datetime.fromtimestamp(moment, UTC)


def test_connecting_and_checking_store_the_earlier_end(db, shop, sandbox, world, ends):
    page = connect_page(shop.id, shop.token).page
    assert page.access_ends_at == ends
    assert expiry.claim_due_pages() == [], "not before tomorrow"
    world.tokens[shop.token].data_access_expires_at = 0
    world.tokens[shop.token].expires_at = 0
    check_page(page)
    assert Page.objects.get().access_ends_at is None


def test_daily_job_asks_and_keeps_what_facebook_does_not_tell(page, shop, sandbox, world, ends):
    assert expiry.claim_due_pages() == [page.pk]
    assert expiry.claim_due_pages() == []
    expiry.check_access(page)
    assert Page.objects.get().access_ends_at == ends
    sandbox.switches.debug_needs_app = True
    expiry.check_access(Page.objects.get())
    assert Page.objects.get().access_ends_at == ends
    Page.objects.update(access_checked_at=timezone.now() - timedelta(days=1))
    assert expiry.claim_due_pages() == [page.pk]


def test_answer_about_a_replaced_token_is_dropped(page, shop, sandbox, ends):
    before = Page.objects.get()
    Page.objects.update(access_token="EAAnew")
    expiry.check_access(before)
    assert Page.objects.get().access_ends_at is None


def test_daily_job_stores_whose_login_gave_the_token(page, shop, sandbox, monkeypatch):
    """Of Pages that were connected before that was stored."""
    facts = TokenFacts(frozenset(), {}, 0, 0, "5550000001")
    monkeypatch.setattr(expiry, "read_token_facts", lambda client, token: facts)
    expiry.check_access(page)
    assert Page.objects.get().connected_by == "5550000001"
    Page.objects.update(connected_by="5550000002")
    expiry.check_access(page)
    assert Page.objects.get().connected_by == "5550000002"
