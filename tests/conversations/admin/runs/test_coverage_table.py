"""The coverage report of a run and of a Page links to the threads that it counts."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.utils import timezone

from conversations.models import Thread
from conversations.sync.coverage import take_coverage
from tests.factories import PageFactory, SyncRunFactory

LABELS = {"stored": "stored", "merged": "duplicate", "unreadable": "unreadable", "owed": "pending"}
STATES = ["stored"] * 4 + ["merged"] + ["unreadable"] * 2 + ["owed"] * 3


@pytest.fixture
def threads(page) -> list[Thread]:
    rows = [
        Thread(page=page, graph_id=f"t_{number}", state=state, reason=f"Why {number} <b>")
        for number, state in enumerate(STATES)
    ]
    return Thread.objects.bulk_create(rows)


def links_in(client, url: str) -> dict[str, str]:
    """Return the URLs of the links by their text."""
    text = client.get(url).content.decode()
    return {
        label: unescape(target)
        for target, label in re.findall(r'<a href="([^"]+)" class="inbox-link">([^<]+)<', text)
    }


def test_numbers_of_a_run_and_of_its_page_link_to_the_threads(page, threads, staff):
    Thread.objects.create(page=PageFactory(), graph_id="t_0", state="owed")
    run = SyncRunFactory(page=page, ledger=take_coverage(page))
    client = staff("manager")
    as_of = re.compile(r"As of <span[^>]*>\d+ \w+( \d{4})?, \d\d:\d\d</span>:")
    for path in (f"syncrun/{run.pk}", f"page/{page.pk}"):
        assert as_of.search(client.get(f"/admin/conversations/{path}/change/").content.decode())
        links = links_in(client, f"/admin/conversations/{path}/change/")
        for state in Thread.State.values:
            response = client.get(links[f"{STATES.count(state)} {LABELS[state]}"])
            shown = response.context["cl"].result_list
            assert {row.pk for row in shown} == {row.pk for row in threads if row.state == state}


def test_threads_are_listed_with_their_reasons(page, threads, staff):
    text = staff("viewer").get("/admin/conversations/thread/?state__exact=owed").content.decode()
    assert "Why 7 &lt;b&gt;" in text
    assert "Why 0" not in text


def test_filtering_threads_by_an_invisible_page_matches_nothing(threads, staff):
    other = Thread.objects.create(page=PageFactory(name="Competitor"), graph_id="t_0")
    response = staff("viewer").get("/admin/conversations/thread/", {"page": other.page_id})
    assert not response.context["cl"].result_list
    assert "Competitor" not in response.content.decode()


def test_platforms_are_counted_separately(page, threads, root):
    Thread.objects.create(page=page, graph_id="t_99", state="owed", platform="instagram")
    links = links_in(root, f"/admin/conversations/page/{page.pk}/change/")
    assert len(root.get(links["1 pending"]).context["cl"].result_list) == 1
    assert len(root.get(links["3 pending"]).context["cl"].result_list) == 3


def test_waiting_run_shows_its_notes_but_no_coverage_before_its_end(page, root):
    until = timezone.now() + timedelta(seconds=40)
    run = SyncRunFactory(
        page=page,
        status="waiting",
        ended_at=None,
        wait_reason="Facebook says: slow down",
        waits_until=until,
        notes=["Run 6 was abandoned.", "<i>odd</i>"],
    )
    text = root.get(f"/admin/conversations/syncrun/{run.pk}/change/").content.decode()
    assert re.search(r"Facebook says: slow down</span>\s*<span[^>]*>Resumes in \d+ s<", text)
    assert re.search(r">at \d\d:\d\d<", text)
    assert "Run 6 was abandoned." in text
    assert "&lt;i&gt;odd&lt;/i&gt;" in text
    assert "Facebook lists" not in text
