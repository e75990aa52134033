"""The inbox page: keyboard shortcuts, accessibility, size and speed."""

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page as Tab
from playwright.sync_api import expect

from conversations.actions.tagging import tag_conversations
from conversations.models import Conversation
from tests.browser.accessibility import load_axe, violations_of_both_schemes
from tests.factories import ConversationFactory, EventFactory, TagFactory
from tests.machine import slowness

FRONTEND = Path(__file__).parents[2] / "inbox" / "frontend"
PREFIX = "/static/inbox/app/"
# What the list needs before anything is pressed. Of one module more ask whether its first use could load it.
MODULES = 42
STYLES = {"core/base.css", "core/layout.css", "list/list.css"}
# What is asked, and how often at most: rows again when the event stream is open, because they were asked for
# before. A worker that indexes the conversations of this test changes them: all but `acts` is asked again.
API = {
    "rows of the list": 2,
    "counts of views": 7,  # Pages have those of All and Unread; Done is the rest
    "/api/pages": 1,
    "/api/tags": 1,
    "/api/views": 1,
    "/api/acts": 1,  # operations that go on
    "/api/events": 1,  # the stream
}
COLD_BYTES, ALL_BYTES = 201_500, 401_500
LONG_TASK_MS = 500  # on an idle machine; longer tasks would block typing
MANY, PART = 100_000, 5000
WATCH = """
  window.slow = [];
  new PerformanceObserver(list => slow.push(...list.getEntries().map(({ duration }) => duration)))
    .observe({ type: "longtask", buffered: true });
"""


def answers(sent: int, answered: int, share: float | None = None) -> dict:
    return {"observations": sent, "answered": answered, "share": share}


def at(hour: int, number: int) -> list[int]:
    return [number * (one == hour) for one in range(24)]


ANSWERS_OF_HOURS = {9: answers(15, 0, 0.0), 17: answers(35, 12, 0.343)}
INSIGHT = {
    "from": "2026-08-27",
    "to": "2026-11-24",
    "timeZone": "UTC",
    "days": [{"date": f"day {number}", "received": number, "sent": 90 - number} for number in range(90)],
    "hours": [[hour * (day == 4) for hour in range(24)] for day in range(7)],
    "ads": [],
    "members": [{"id": 1, "name": "anna", "closedToday": 14, "open": 7, "firstReplySeconds": 1260}],
    "waiting": 12,
    "unanswered": 96,
    "tags": [{"tag": {"id": 1, "name": "VIP", "slug": "vip", "color": "#b45309"}, "conversations": 7}],
    "replies": [
        {"week": "2026-W40", "seconds": 7500, "count": 3},
        {"week": "2026-W41", "seconds": None, "count": 0},
    ],
    "contactTimes": {
        "minimum": 10,
        "received": {"observations": 0, "isEnough": False, "hours": [at(0, 0)] * 7, "best": []},
        "answers": {
            **answers(50, 12, 0.24),
            "isEnough": True,
            "sent": [*[at(9, 5)] * 3, at(17, 35), *[at(0, 0)] * 3],
            "answeredHours": [*[at(0, 0)] * 3, at(17, 12), *[at(0, 0)] * 3],
            "weekdays": [*[answers(5, 0)] * 3, answers(35, 12, 0.343), *[answers(0, 0)] * 3],
            "hours": [ANSWERS_OF_HOURS.get(hour, answers(0, 0)) for hour in range(24)],
            "bestWeekday": None,
            "bestHour": 17,
        },
    },
    "conversations": 12,
    "isExact": True,
}


@pytest.fixture
def rows(page):
    tag = TagFactory(name="VIP")
    rows = [ConversationFactory(page=page, sender_name=f"Buyer {number}") for number in range(12)]
    EventFactory.create_batch(3, conversation=rows[-1])
    tag_conversations([rows[-1].pk], [tag], actor=None)
    return rows


def check_accessibility(tab: Tab) -> None:
    assert violations_of_both_schemes(tab) == []


def test_every_action_works_with_the_keyboard(log_in, rows):
    tab = log_in("tagger", "/")
    expect(tab.locator("#total")).to_have_text("12")
    press(tab, "j", "j", "k")
    expect(tab.get_by_role("link", name=re.compile("^Buyer 11"))).to_be_focused()
    press(tab, "Enter")
    expect(tab.get_by_role("heading", name="Buyer 11")).to_be_visible()
    press(tab, "e")
    expect(tab.get_by_text("Marked as done: 1 conversation.")).to_be_visible()
    assert Conversation.objects.get(conversation_status="done") == rows[11]
    expect(tab.get_by_role("heading", name="Buyer 10")).to_be_visible()  # the next one
    press(tab, "Escape", "x", "k", "x")
    expect(tab.get_by_text("2 selected")).to_be_visible()
    press(tab, "t")
    tab.get_by_role("dialog").get_by_role("combobox").fill("vip")
    press(tab, "Enter")
    expect(tab.get_by_text("VIP: Tagged 1 conversation.")).to_be_visible()  # the other one has it
    press(tab, "/")
    expect(tab.get_by_label("Search", exact=True)).to_be_focused()
    tab.keyboard.type("buyer 3")
    expect(tab.locator("#total")).to_have_text("1")
    press(tab, "Escape", "Control+k")
    tab.get_by_role("dialog").get_by_role("combobox").fill("clear")
    press(tab, "Enter")
    expect(tab.locator("#total")).to_have_text("12")
    press(tab, "?")
    expect(tab.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    press(tab, "Escape")
    expect(tab.get_by_role("dialog")).to_have_count(0)


def press(tab: Tab, *keys: str) -> None:
    for key in keys:
        tab.keyboard.press(key)


def test_it_fits_a_phone_and_is_accessible_in_both_schemes(log_in, rows):
    tab = log_in("manager", "/", viewport={"width": 360, "height": 740})
    expect(tab.locator("#total")).to_have_text("12")
    load_axe(tab)
    tab.route("**/api/insight*", lambda route: route.fulfill(json={"insight": INSIGHT}))
    check_accessibility(tab)
    tab.get_by_role("button", name="Views, tags and Pages").click()
    expect(tab.get_by_role("link", name=re.compile("^Untagged 11"))).to_be_visible()
    check_accessibility(tab)
    tab.keyboard.press("Escape")
    tab.get_by_role("link", name=re.compile("^Buyer 11")).click()
    expect(tab.locator(".message")).to_have_count(3)
    expect(tab.get_by_label("Search", exact=True)).to_be_hidden()
    check_accessibility(tab)
    tab.get_by_role("button", name="+ Tag").click()
    expect(tab.get_by_role("dialog").get_by_role("combobox")).to_be_visible()
    check_accessibility(tab)
    tab.keyboard.press("Escape")
    tab.get_by_role("button", name="Back to the list").click()
    tab.get_by_role("button", name="Insights").click()
    expect(tab.get_by_text("Most messages: Fri, 23:00 to 24:00.")).to_be_visible()
    expect(tab.get_by_role("img", name="4,005 messages received and 4,095 sent in 90 days")).to_be_visible()
    expect(tab.get_by_text("2 h 5 min in the week of 2026-W40")).to_be_visible()
    expect(tab.get_by_role("row", name="anna 7 14 21 min")).to_be_visible()
    expect(tab.get_by_text("12 of 50 messages were answered within 24 hours (24%).")).to_be_visible()
    expect(tab.get_by_text("Best time of day: 17:00 to 18:00 (34%).")).to_be_visible()
    expect(tab.get_by_text("12 customers waiting for a reply. 96 older conversations ended")).to_be_visible()
    check_accessibility(tab)
    assert tab.evaluate("document.documentElement.scrollWidth") == 360


TRUNCATED = """[...document.querySelectorAll('#views .entry-name, .account-name')]
    .filter((name) => name.scrollWidth > name.clientWidth).map((name) => name.textContent)"""


@pytest.mark.parametrize("width", [1280, 360])
def test_sidebar_shows_the_whole_names_of_views_and_of_the_user(log_in, rows, width):
    tab = log_in("manager", "/", viewport={"width": width, "height": 740})
    expect(tab.locator("#total")).to_have_text("12")
    if width == 360:
        tab.get_by_role("button", name="Views, tags and Pages").click()
    expect(tab.get_by_role("link", name=re.compile("^Needs reply .over 24 h. [0-9]"))).to_be_visible()
    assert tab.evaluate(TRUNCATED) == []


def test_first_load_needs_few_requests_and_bytes(log_in, rows):
    tab = log_in("manager", "/")
    expect(tab.locator("#total")).to_have_text("12")
    requested: list[str] = []
    tab.on("request", lambda sent: requested.append(sent.url))
    tab.context.new_cdp_session(tab).send("Network.setCacheDisabled", {"cacheDisabled": True})
    tab.add_init_script(WATCH)
    tab.reload()
    expect(tab.locator("#rows li")).to_have_count(12)
    expect(tab.get_by_role("link", name=re.compile("^Untagged 11"))).to_be_visible()  # everything is loaded
    requested = requested[requested.index(tab.url) :]  # not those of the page before
    own = [url.partition(PREFIX)[2] for url in requested if PREFIX in url]
    assert len(own) == len({*own}), own
    modules = {path for path in own if path.endswith(".mjs")}
    assert len(modules) <= MODULES, sorted(modules)
    assert {*own} - modules == STYLES
    asked = Counter(asked_for(url) for url in requested if "/api/" in url)
    assert {name: number for name, number in asked.items() if number > 2 * API.get(name, 0)} == {}
    assert sum((FRONTEND / path).stat().st_size for path in own) < COLD_BYTES
    everything = FRONTEND.rglob("*.*")  # with the modules that are loaded later
    assert sum(path.stat().st_size for path in everything) < ALL_BYTES
    check_long_tasks(tab)


def asked_for(url: str) -> str:
    """The name of a request in API."""
    address, query = urlsplit(url).path, parse_qs(urlsplit(url).query)
    if address != "/api/conversations":
        return address
    return "counts of views" if query["limit"] == ["1"] else "rows of the list"


def check_long_tasks(tab: Tab) -> None:
    maximum = LONG_TASK_MS * slowness()
    assert [duration for duration in tab.evaluate("slow") if duration > maximum] == []


SCROLLED_TO = """number => {
  scroller.scrollTop = scroller.scrollHeight;
  return Number(rows.lastChild?.querySelector(".name")?.textContent.split(" ")[1]) >= number;
}"""


def test_100_000_rows_scroll_with_a_small_page_and_no_long_tasks(log_in, page):
    tab = log_in("viewer", "/admin/")
    tab.add_init_script(WATCH)
    tab.route("**/api/conversations?*", lambda route: route.fulfill(json=part_of(route.request.url, page)))
    tab.goto("/")
    for loaded in range(PART, MANY + 1, PART):
        tab.wait_for_function(SCROLLED_TO, arg=loaded - 1)
    expect(tab.get_by_text("End of list")).to_be_visible()
    expect(tab.get_by_role("link", name=re.compile(f"^Customer {MANY - 1} "))).to_be_visible()
    assert tab.evaluate("rows.clientHeight / 88") < MANY / 2  # those far away are dropped
    near = MANY - 20
    tab.evaluate("scroller.scrollTop = scroller.scrollHeight - 88 * 20")
    expect(tab.get_by_role("link", name=re.compile(f"^Customer {near} "))).to_be_visible()
    assert tab.locator("#rows li").count() < 60
    tab.get_by_role("link", name=re.compile(f"^Customer {near} ")).focus()
    press(tab, "x", *"jjj", "k")
    expect(tab.get_by_role("link", name=re.compile(f"^Customer {near + 2} "))).to_be_focused()
    tab.get_by_label("Search", exact=True).press_sequentially("many letters in a row")
    expect(tab.get_by_label("Search", exact=True)).to_have_value("many letters in a row")
    check_long_tasks(tab)


def part_of(address: str, page) -> dict:
    """A response with a part of a list that would take too long to create."""
    query = parse_qs(urlsplit(address).query)
    start = int(query.get("cursor", ["0"])[0])
    shown = range(start, min(MANY, start + (PART if "total" in query else 1)))
    end = shown[-1] + 1
    return {
        "conversations": [row(number, page) for number in shown],
        "pagination": {
            "total": MANY,
            "totalIsExact": False,
            "hasNext": end < MANY,
            "nextCursor": str(end) if end < MANY else None,
        },
    }


def row(number: int, page) -> dict:
    moment = datetime(2026, 1, 1, tzinfo=UTC) - timedelta(minutes=number)
    return {
        "id": MANY - number,
        "page_id": page.facebook_page_id,
        "sender_id": str(number),
        "sender_name": f"Customer {number}",
        "last_message": "Is it still for sale?",
        "last_message_time": moment.isoformat(),
        "conversation_status": "active",
        "message_count": 3,
        "unread_count": 0,
        "platform": "messenger",
        "conversation_tags": [],
    }
