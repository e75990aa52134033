"""The inbox page at three sizes and in two themes: a walk through what it offers, beside a second user."""

import re

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page as Tab
from playwright.sync_api import expect

from conversations.alerts.watch import watch
from conversations.models import Conversation, SavedView
from conversations.sandbox.data import media
from conversations.search.index.message_index import index_pending
from conversations.sync.service import sync_conversations
from tests.browser.accessibility import load_axe, violations_of_both_schemes
from tests.browser.gestures import swipe
from tests.factories import ConversationFactory, TagFactory

SIZES = {"desktop": (1280, 800), "tablet": (820, 1180), "phone": (390, 844)}


@pytest.fixture
def ana(world, shop, page, sandbox):
    """Ana has sent a picture and asked for an umbrella. Ben got an answer, and more people wrote before."""
    sandbox.switches.serve_files = True
    messages = [{"message": "", **media.image(8)}, {"message": "Is the blue umbrella there?"}]
    thread = world.add_conversation(shop, "Ana", messages=messages)
    for number in range(5):
        ConversationFactory(page=page, sender_name=f"Buyer {number}")
    ConversationFactory(page=page, sender_name="Ben", last_message_kind="message_sent")
    TagFactory(name="VIP")
    sync_conversations(page)
    index_pending()
    return Conversation.objects.get(graph_id=thread.id)


def create_views(user: User) -> None:
    for position, name in enumerate(("Morning", "Evening")):
        SavedView.objects.create(owner=user, name=name, query={}, position=position)


class Walk:
    """A user's way through the page. Whatever is open must be accessible in both themes and fit the width."""

    def __init__(self, tab: Tab, width: int, has_touch: bool):
        self.tab, self.width, self.has_touch = tab, width, has_touch
        load_axe(tab)

    @property
    def has_sidebar(self) -> bool:
        """Whether it stands beside the list; else a button opens it."""
        return self.width >= 1120

    def open_sidebar(self) -> None:
        if not self.has_sidebar:
            self.tab.get_by_role("button", name="Views, tags and Pages").click()

    def leave_sidebar(self) -> None:
        if not self.has_sidebar:
            self.tab.go_back()
            expect(self.tab.locator("#sidebar")).to_be_hidden()

    def check(self) -> None:
        found = violations_of_both_schemes(self.tab)
        assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []
        assert self.tab.evaluate("document.documentElement.scrollWidth") <= self.width

    def row(self, name: str):
        return self.tab.locator("#rows li").filter(has_text=name)

    def link(self, name: str):
        return self.tab.locator("#rows").get_by_role("link", name=re.compile(f"^{name} "))

    def choose(self, action: str) -> None:
        self.tab.locator("#conversation").get_by_role("button", name="More", exact=True).click()
        self.tab.get_by_role("menuitem", name=action).click()


@pytest.mark.parametrize(("width", "height"), SIZES.values(), ids=SIZES)
def test_everything_is_reached_beside_a_second_user(log_in, ana, page, width, height):
    viewport = {"width": width, "height": height}
    has_touch = width < 1000
    tab = log_in("tagger", "/account/keys", viewport=viewport, has_touch=has_touch)
    create_views(User.objects.get(username="anna-tagger"))
    tab.goto("/")
    colleague = log_in("manager", "/?status=active")
    expect(colleague.locator("#total")).to_have_text("7")
    walk = Walk(tab, width, has_touch)
    list_tells(walk)
    views_are_ordered(walk)
    panes_are_resized(walk)
    swipe_is_undone(walk)
    words_find(walk)
    messages_are_found(walk)
    picture_is_shown(walk)
    contact_and_history(walk)
    work_is_seen_by(colleague, walk)
    banner_comes_and_goes(colleague, walk, page)


def list_tells(walk: Walk) -> None:
    expect(walk.tab.locator("#total")).to_have_text("7")
    expect(walk.row("Ben").locator(".writer")).to_have_text("You:")
    walk.check()
    walk.open_sidebar()
    expect(walk.tab.get_by_role("link", name=re.compile("^All"))).to_have_text(re.compile("7$"))
    walk.check()
    walk.leave_sidebar()


def views_are_ordered(walk: Walk) -> None:
    walk.open_sidebar()
    names = walk.tab.locator("#saved .entry-name")
    expect(names).to_have_text(["Morning", "Evening"])
    walk.tab.get_by_role("button", name="Actions for the view Evening").click()
    walk.check()
    walk.tab.get_by_role("menuitem", name="Move up").click()
    expect(names).to_have_text(["Evening", "Morning"])
    walk.leave_sidebar()


def panes_are_resized(walk: Walk) -> None:
    edge = walk.tab.get_by_role("separator", name="Width of the list")
    if walk.width < 700:  # one pane at a time
        expect(edge).to_be_hidden()
        return
    before = int(edge.get_attribute("aria-valuenow") or 0)
    edge.press("ArrowLeft")
    expect(edge).to_have_attribute("aria-valuenow", str(before - 16))
    walk.check()
    edge.press("Enter")
    expect(edge).to_have_attribute("aria-valuenow", str(before))


def swipe_is_undone(walk: Walk) -> None:
    if not walk.has_touch:
        return
    swipe(walk.tab, walk.link("Ben"), 200)
    expect(walk.tab.get_by_text("Marked as done: 1 conversation.")).to_be_visible()
    walk.check()
    walk.tab.get_by_role("button", name="Undo").click()
    expect(walk.tab.get_by_text("Restored 1 conversation.")).to_be_visible()


def words_find(walk: Walk) -> None:
    search = walk.tab.get_by_label("Search", exact=True)
    search.fill("has:photo")
    search.press("Enter")
    expect(walk.tab.locator("#rows .name")).to_have_text(["Ana"])
    walk.check()
    walk.tab.get_by_role("button", name="Clear", exact=True).click()
    expect(walk.tab.locator("#total")).to_have_text("7")


def messages_are_found(walk: Walk) -> None:
    search = walk.tab.get_by_label("Search", exact=True)
    search.fill("umbrella")
    expect(walk.tab.locator("#rows .name")).to_have_text(["Ana"])
    expect(walk.row("Ana").locator("mark")).to_have_text("umbrella")
    walk.check()
    walk.link("Ana").click()
    expect(walk.tab.locator(".message.match")).to_be_in_viewport()
    expect(walk.tab.locator("#match-bar [role=status]")).to_have_text("1 of 1")
    walk.check()


def picture_is_shown(walk: Walk) -> None:
    opener = walk.tab.get_by_role("button", name="Open image: image-8")
    opener.focus()
    walk.tab.keyboard.press("Enter")
    box = walk.tab.get_by_role("dialog", name="Picture")
    expect(box).to_be_visible()
    walk.check()
    walk.tab.keyboard.press("Escape")
    expect(box).to_have_count(0)
    expect(opener).to_be_focused()


def contact_and_history(walk: Walk) -> None:
    for action in ("Contact", "History"):
        walk.choose(action)
        dialog = walk.tab.get_by_role("dialog", name=action)
        expect(dialog).to_be_visible()
        walk.check()
        walk.tab.go_back()
        expect(dialog).to_have_count(0)


def work_is_seen_by(colleague: Tab, walk: Walk) -> None:
    """A tag and a conversation that is done are on the other screen without a reload."""
    walk.tab.get_by_role("button", name="+ Tag").click()
    walk.tab.get_by_role("dialog").get_by_role("combobox").fill("VIP")
    walk.tab.keyboard.press("Enter")
    ana = colleague.locator("#rows li").filter(has_text="Ana")
    expect(ana.get_by_text("VIP")).to_be_visible()
    walk.tab.get_by_role("button", name="Mark as done").click()
    expect(ana).to_have_count(0)
    expect(colleague.locator("#total")).to_have_text("6")


def banner_comes_and_goes(colleague: Tab, walk: Walk, page) -> None:
    page.live_state = "lost"
    page.save()
    watch()  # which a job does every 15 seconds
    for tab in (walk.tab, colleague):
        expect(tab.locator("#alerts")).to_contain_text("Facebook has stopped to send messages")
    walk.check()
    page.live_state = "off"
    page.save()
    watch()
    for tab in (walk.tab, colleague):
        expect(tab.locator("#alerts")).to_be_hidden()
