"""The ledger in the admin: of a run, of a Page, and the threads behind the numbers."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.utils import timezone

from conversations.models import Thread
from conversations.sync.ledger import take_ledger
from tests.factories import PageFactory, SyncRunFactory

STATES = ["stored"] * 4 + ["merged"] + ["unreadable"] * 2 + ["owed"] * 3


@pytest.fixture
def threads(page) -> list[Thread]:
    rows = [
        Thread(page=page, graph_id=f"t_{number}", state=state, reason=f"Why {number} <b>")
        for number, state in enumerate(STATES)
    ]
    return Thread.objects.bulk_create(rows)


def links_in(client, address: str) -> dict[str, str]:
    """Addresses by what they say."""
    text = client.get(address).content.decode()
    return {
        words: unescape(to)
        for to, words in re.findall(r'<a href="([^"]+)" class="inbox-link">([^<]+)<', text)
    }


def test_numbers_of_a_run_and_of_its_page_lead_to_the_threads(page, threads, staff):
    Thread.objects.create(page=PageFactory(), graph_id="t_0", state="owed")
    run = SyncRunFactory(page=page, ledger=take_ledger(page))
    client = staff("manager")
    for address in (f"syncrun/{run.pk}", f"page/{page.pk}"):
        links = links_in(client, f"/admin/conversations/{address}/change/")
        for state in Thread.State.values:
            answer = client.get(links[f"{STATES.count(state)} {state}"])
            shown = answer.context["cl"].result_list
            assert {row.pk for row in shown} == {row.pk for row in threads if row.state == state}


def test_threads_are_shown_with_their_reasons(page, threads, staff):
    text = staff("viewer").get("/admin/conversations/thread/?state__exact=owed").content.decode()
    assert "Why 7 &lt;b&gt;" in text
    assert "Why 0" not in text


def test_strangers_page_finds_nothing(threads, staff):
    other = Thread.objects.create(page=PageFactory(name="Competitor"), graph_id="t_0")
    answer = staff("viewer").get("/admin/conversations/thread/", {"page": other.page_id})
    assert not answer.context["cl"].result_list
    assert "Competitor" not in answer.content.decode()


def test_two_platforms_are_told_apart(page, threads, root):
    Thread.objects.create(page=page, graph_id="t_99", state="owed", platform="instagram")
    links = links_in(root, f"/admin/conversations/page/{page.pk}/change/")
    assert len(root.get(links["1 owed"]).context["cl"].result_list) == 1
    assert len(root.get(links["3 owed"]).context["cl"].result_list) == 3


def test_run_shows_its_pause_and_its_notes_and_no_ledger_before_its_end(page, root):
    until = timezone.now() + timedelta(seconds=40)
    run = SyncRunFactory(
        page=page,
        status="waiting",
        ended_at=None,
        waits_for="Facebook says: slow down",
        waits_until=until,
        notes=["Run 6 was left.", "<i>odd</i>"],
    )
    text = root.get(f"/admin/conversations/syncrun/{run.pk}/change/").content.decode()
    assert re.search(r"Facebook says: slow down</span>\s*<span[^>]*>Waiting for Facebook, \d+ s<", text)
    assert re.search(r">until \d\d:\d\d<", text)
    assert "Run 6 was left." in text
    assert "&lt;i&gt;odd&lt;/i&gt;" in text
    assert "Facebook lists" not in text
