"""The start page: today at a glance, each Page that one sees, and pictures whose numbers can be read."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from conversations.admin.start import in_words
from conversations.reading.messages import catch_up
from conversations.tagging import tag_conversations
from tests.factories import ConversationFactory, EventFactory, PageFactory, SyncRunFactory, TagFactory

TITLES = ["Messages per day", "Busiest hours", "Median time to first reply", "Tags"]
LEDGER = {
    "threads": {"listed": 12, "stored": 10, "merged": 0, "unreadable": 2, "owed": 0},
    "messages": {"listed": 40, "held": 38, "unreadable": 1},
}


@pytest.fixture
def told(page):
    """Asked today, replied to after ten minutes, asked again."""
    row = ConversationFactory(page=page, unread_count=2)
    now = timezone.localtime().replace(hour=9, minute=0, second=0, microsecond=0)
    for kind, minutes in (("message_received", 0), ("message_sent", 10), ("message_received", 20)):
        EventFactory(conversation=row, kind=kind, occurred_at=now + timedelta(minutes=minutes))
    catch_up()
    return row


def shown(browser, address="/admin/") -> str:
    return browser.get(address).content.decode()


def today(text: str) -> dict[str, str]:
    pairs = re.findall(
        r"<dt>([^<]+)</dt><dd>([^<]+)</dd></div>", text.split('class="insight-today"')[1].split("</dl>")[0]
    )
    return dict(pairs)


def test_today_stands_on_top(told, staff):
    assert today(shown(staff("viewer"))) == {
        "received today": "2",
        "sent today": "1",
        "new conversations": "1",
        "unread": "1",
        "waiting for a reply (90 days)": "1",
    }


def test_pictures_have_titles_and_their_numbers_in_tables(told, staff):
    tag_conversations([told.pk], [TagFactory(name="<b>Late</b>", color="#b45309")], actor=None)
    text = shown(staff("viewer"))
    for title in TITLES:
        assert f"<h2>{title}" in text
    day = timezone.localdate().strftime("%-d %b")
    assert f'<tr><th scope="row">{day}</th><td>2</td><td>1</td></tr>' in text
    assert "<td>10 min</td><td>1</td>" in text
    assert f'title="{timezone.localdate():%a} 09: 2"' in text
    assert "&lt;b&gt;Late&lt;/b&gt;</a>" in text
    assert 'fill="#b45309"' in text
    assert "style=" not in text.split('aria-label="Pictures"')[1].split("</section>")[0]


def test_each_page_tells_how_it_is(told, page, staff):
    SyncRunFactory(page=page, ledger=LEDGER)
    SyncRunFactory(page=page, status="error")  # the newest, without a ledger
    page.reconnect("The access token has expired.")
    text = shown(staff("viewer"))
    assert "Facebook lists 12 threads" in text
    assert "38 are held" in text
    assert "to be connected again" in text
    assert "<dt>messages</dt><dd>3</dd>" in text


def test_nothing_of_other_pages_is_shown_or_counted(told, staff):
    other = PageFactory(name="Another Shop")
    text = shown(staff("viewer", on=other))
    assert "Demo Shop" not in text
    assert "No messages yet" in text
    assert "insight-figure" not in text
    assert "insight-figure" not in shown(staff("viewer", on=other), f"/admin/?page={told.page_id}")


def test_pictures_can_be_of_one_page(told, page, root):
    other = PageFactory(name="Another Shop")
    assert today(shown(root, f"/admin/?page={page.pk}"))["received today"] == "2"
    text = shown(root, f"/admin/?page={other.pk}")
    assert "No messages of Another Shop yet" in text
    assert today(shown(root, "/admin/?page=nonsense"))["received today"] == "2"


def test_without_a_page_it_says_how_to_connect_one(root, staff, page):
    assert "There is no Page yet" not in shown(root)
    page.delete()
    assert "There is no Page yet" in shown(root)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (61, "1 min"),
        (3600, "1 h"),
        (5400, "1 h 30 min"),
        (90_000, "1 d 1 h"),
        (86_400, "1 d"),
    ],
)
def test_waits_are_told_in_words(seconds, words):
    assert in_words(seconds) == words
