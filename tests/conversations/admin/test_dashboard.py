"""The dashboard shows the numbers of today, each visible Page, and charts with their numbers."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from conversations.actions.tagging import tag_conversations
from conversations.search.index.message_index import index_pending
from tests.factories import ConversationFactory, EventFactory, PageFactory, SyncRunFactory, TagFactory

TITLES = ["Messages per day", "Busiest hours", "Median first reply time", "Tags"]
COVERAGE = {
    "threads": {"listed": 12, "stored": 10, "merged": 0, "unreadable": 2, "owed": 0},
    "messages": {"listed": 40, "held": 38, "unreadable": 1},
}


@pytest.fixture
def conversation(page):
    """The customer wrote today, got a reply after ten minutes and wrote again."""
    row = ConversationFactory(page=page, unread_count=2)
    now = timezone.localtime().replace(hour=9, minute=0, second=0, microsecond=0)
    for kind, minutes in (("message_received", 0), ("message_sent", 10), ("message_received", 20)):
        EventFactory(conversation=row, kind=kind, occurred_at=now + timedelta(minutes=minutes))
    index_pending()
    return row


def dashboard(browser, url="/admin/") -> str:
    return browser.get(url).content.decode()


def today_numbers(text: str) -> dict[str, str]:
    pairs = re.findall(
        r"<dt>([^<]+)</dt><dd>([^<]+)</dd></div>", text.split('class="insight-today"')[1].split("</dl>")[0]
    )
    return dict(pairs)


def test_numbers_of_today_are_shown(conversation, staff):
    assert today_numbers(dashboard(staff("viewer"))) == {
        "received today": "2",
        "sent today": "1",
        "new conversations": "1",
        "unread": "1",
        "waiting (90 days)": "1",
        "unanswered (90 days)": "0",
        "needs reply": "0",
    }


def test_needs_reply_is_the_number_that_the_filter_finds(conversation, page, staff):
    ConversationFactory(page=page, last_message_kind="message_received")  # in 2024
    ConversationFactory(page=page, last_message_kind="message_received", conversation_status="done")
    browser = staff("viewer")
    found = browser.get("/api/conversations", {"waiting": "true"}).json()["pagination"]["total"]
    assert (today_numbers(dashboard(browser))["needs reply"], found) == ("1", 1)


def test_charts_have_titles_and_tables_of_their_numbers(conversation, staff):
    tag_conversations([conversation.pk], [TagFactory(name="<b>Late</b>", color="#b45309")], actor=None)
    text = dashboard(staff("viewer"))
    for title in TITLES:
        assert f"<h2>{title}" in text
    day = timezone.localdate().strftime("%-d %b")
    assert f'<tr><th scope="row">{day}</th><td>2</td><td>1</td></tr>' in text
    assert "<td>10 min</td><td>1</td>" in text
    assert f'title="{timezone.localdate():%a} 09: 2"' in text
    assert "&lt;b&gt;Late&lt;/b&gt;</a>" in text
    assert 'fill="#b45309"' in text
    assert "style=" not in text.split('aria-label="Insights"')[1].split("</section>")[0]


def test_each_page_shows_its_state_and_coverage(conversation, page, staff):
    SyncRunFactory(page=page, ledger=COVERAGE)
    SyncRunFactory(page=page, status="error")  # the newest, without a report
    page.reconnect("The access token has expired.")
    text = dashboard(staff("viewer"))
    assert "As of <span" in text
    assert "Facebook lists 12 threads" in text
    assert "38 are stored" in text
    assert "Reconnect needed" in text
    assert "<dt>messages</dt><dd>3</dd>" in text


def test_other_pages_are_neither_shown_nor_counted(conversation, staff):
    other = PageFactory(name="Another Shop")
    text = dashboard(staff("viewer", on=other))
    assert "Demo Shop" not in text
    assert "No messages yet" in text
    assert "insight-figure" not in text
    assert "insight-figure" not in dashboard(
        staff("viewer", on=other), f"/admin/?page={conversation.page_id}"
    )


def test_charts_can_be_limited_to_one_page(conversation, page, root):
    other = PageFactory(name="Another Shop")
    assert today_numbers(dashboard(root, f"/admin/?page={page.pk}"))["received today"] == "2"
    text = dashboard(root, f"/admin/?page={other.pk}")
    assert "No messages of Another Shop yet" in text
    assert today_numbers(dashboard(root, "/admin/?page=nonsense"))["received today"] == "2"


def test_dashboard_without_a_page_offers_to_connect_one(root, staff, page):
    assert "No Page is connected yet" not in dashboard(root)
    page.delete()
    assert "No Page is connected yet" in dashboard(root)
