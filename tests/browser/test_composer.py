"""An agent answers a customer on the inbox page."""

import json
import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page as Tab
from playwright.sync_api import Route, expect

from conversations.models import Conversation, Draft, OutgoingMessage, SavedReply
from conversations.sync.service import sync_conversations
from tests.browser.accessibility import load_axe, serious_violations, violations
from tests.browser.fake_sending import FakeSending
from tests.browser.held_requests import wait_for_held
from tests.factories import ConversationFactory, EventFactory

PHONE, DESKTOP = {"width": 390, "height": 800}, {"width": 1280, "height": 800}
SHOTS = os.environ.get("COMPOSER_SHOTS")  # a folder, to look at


@pytest.fixture
def row(page):
    row = ConversationFactory(page=page, sender_name="Ada Byron")
    EventFactory(conversation=row, text="Is the red boat still there?")
    EventFactory(conversation=row, text="We are here until six.", kind="message_sent")
    return row


@pytest.fixture
def opened(log_in, row):
    """Open the conversation as an agent, with a fake of the routes of sending."""

    def open_it(role: str = "agent", name: str = "Ada Byron", **options) -> tuple[Tab, FakeSending]:
        tab = log_in(role, "/account/keys", **options)
        sending = FakeSending(tab)
        sending.reply = {"state": "open", "until": in_hours(3)}
        tab.goto(f"/?conversation={row.pk}")
        expect(tab.get_by_role("heading", name=name)).to_be_visible()
        return tab, sending

    return open_it


def in_hours(number: float) -> str:
    return (datetime.now(UTC) + timedelta(hours=number)).isoformat()


def field(tab: Tab):
    return tab.get_by_role("textbox", name="Answer")


def bubbles(tab: Tab):
    return tab.locator("#outgoing li")


def shoot(tab: Tab, name: str) -> None:
    if SHOTS:
        tab.screenshot(path=Path(SHOTS) / f"{name}.png")


def test_an_answer_is_sent_with_the_keyboard_and_can_be_cancelled(opened):
    tab, sending = opened()
    expect(tab.get_by_text(re.compile("^You can answer until .* left"))).to_be_visible()
    tab.keyboard.press("r")
    expect(field(tab)).to_be_focused()
    tab.keyboard.type("Yes, it is.\nCome by!")
    expect(tab.get_by_text("20 of 2,000 characters")).to_be_visible()
    tab.keyboard.press("Control+Enter")
    expect(bubbles(tab)).to_contain_text("Come by!")
    expect(bubbles(tab)).to_contain_text(re.compile("Sending in [1-5] s"))
    expect(field(tab)).to_have_value("")
    assert sending.texts() == ["Yes, it is.\nCome by!"]
    tab.get_by_role("button", name="Cancel").click()
    expect(bubbles(tab)).to_have_count(0)
    expect(field(tab)).to_have_value("Yes, it is.\nCome by!")
    assert sending.acts == [(1, "cancel")]


def test_what_became_of_a_message_stands_at_its_bubble(opened, row):
    tab, sending = opened()
    field(tab).fill("Yes")
    tab.get_by_role("button", name="Send", exact=True).click()
    expect(bubbles(tab)).to_contain_text("Sending in")
    sending.messages[0] |= {"state": "failed", "reason": "The customer cannot be reached."}
    expect(bubbles(tab)).to_contain_text("Not sent: The customer cannot be reached.")
    load_axe(tab)
    assert violations(tab) == []
    shoot(tab, "failed")
    bubbles(tab).get_by_role("button", name="Retry").click()
    expect(bubbles(tab)).to_contain_text("Sending in")
    sending.messages[0] |= {"state": "uncertain", "reason": "Facebook gave no answer."}
    expect(bubbles(tab)).to_contain_text("It is not known whether this was sent: Facebook gave no answer.")
    expect(bubbles(tab).get_by_role("button", name="Send again")).to_be_visible()
    bubbles(tab).get_by_role("button", name="It is there").click()
    expect(bubbles(tab)).to_have_count(0)
    field(tab).fill("Once more")
    field(tab).press("Meta+Enter")
    expect(bubbles(tab)).to_contain_text("Once more")
    EventFactory(conversation=row, text="Once more", kind="message_sent")
    sending.messages.clear()  # it was sent: its event takes its place
    expect(bubbles(tab)).to_have_count(0)
    expect(tab.locator("#events")).to_contain_text("Once more")
    assert [act for _, act in sending.acts] == ["retry", "discard"]


def test_what_is_refused_stays_written_and_is_sent_under_the_same_id(opened, wrong):
    tab, sending = opened()
    sending.refusal = (503, {"error": "Sending is switched off on this server."})
    field(tab).fill("Yes")
    field(tab).press("Control+Enter")
    expect(tab.get_by_role("alert").get_by_text("Sending is switched off")).to_be_visible()
    expect(field(tab)).to_have_value("Yes")
    wrong.clear()
    sending.refusal = None
    field(tab).press("Control+Enter")
    expect(bubbles(tab)).to_contain_text("Yes")
    expect(field(tab)).to_have_value("")


def test_a_closed_window_says_why_and_leads_to_facebook(opened, wrong):
    tab, sending = opened()
    field(tab).fill("Half a")
    sending.refusal = (409, {"error": "Facebook allows no answer any more.", "closedAt": in_hours(0)})
    sending.reply = {"state": "closed", "until": in_hours(-1)}
    field(tab).press("Control+Enter")
    expect(tab.get_by_text("Facebook accepts no answer from here until they write again")).to_be_visible()
    expect(tab.get_by_role("button", name="Answer at Facebook")).to_be_visible()
    expect(tab.get_by_role("button", name="Send", exact=True)).to_be_disabled()
    shoot(tab, "closed-with-text")
    field(tab).fill("")
    expect(field(tab)).to_have_count(0)
    wrong.clear()
    load_axe(tab)
    assert violations(tab) == []
    shoot(tab, "closed")


@pytest.mark.parametrize(("platform", "text"), [("messenger", "x" * 2001), ("instagram", "ä" * 501)])
def test_what_is_too_long_for_the_platform_is_not_sent(opened, row, platform, text):
    row.platform = platform
    row.save()
    tab, sending = opened()
    field(tab).fill(text)
    expect(tab.get_by_text(re.compile("^[12] (character|byte)s? too long"))).to_be_visible()
    field(tab).press("Control+Enter")
    field(tab).fill(text[:500])
    field(tab).press("Control+Enter")
    expect(bubbles(tab)).to_have_count(1)
    assert sending.texts() == [text[:500]]


DROP = """(field, [name, type, event]) => {
  const data = new DataTransfer();
  data.items.add(new File(["12345"], name, { type }));
  const init = { bubbles: true, cancelable: true, dataTransfer: data };
  const fired = event === "paste"
    ? new ClipboardEvent("paste", { bubbles: true, cancelable: true, clipboardData: data })
    : new DragEvent(event, init);
  field.dispatchEvent(fired);
}"""


def test_files_come_by_button_drag_and_paste_and_are_messages_of_their_own(opened):
    tab, sending = opened()
    files = [{"name": f"{name}.png", "mimeType": "image/png", "buffer": b"x" * 2048} for name in "ab"]
    tab.get_by_label("Attach files").set_input_files(files)
    field(tab).evaluate(DROP, ["c.pdf", "application/pdf", "paste"])
    for event in ("dragover", "drop"):
        field(tab).evaluate(DROP, ["d.exe", "application/x-msdownload", event])
    names = tab.locator(".files .file-name")
    expect(names).to_have_text(["a.png", "b.png", "c.pdf", "d.exe"])
    expect(tab.get_by_text("Facebook does not take files of this type.")).to_be_visible()
    field(tab).fill("Here they are")
    expect(tab.get_by_role("button", name="Send", exact=True)).to_be_disabled()
    shoot(tab, "files")
    load_axe(tab)
    assert violations(tab) == []
    tab.get_by_role("button", name="Remove d.exe").click()
    tab.get_by_role("button", name="Send", exact=True).click()
    expect(bubbles(tab)).to_have_count(4)
    expect(names).to_have_count(0)
    assert [re.findall(r'filename="(.+?)"', body) for body in sending.posted[:3]] == [
        ["a.png"],
        ["b.png"],
        ["c.pdf"],
    ]
    assert sending.texts() == ["Here they are"]
    expect(bubbles(tab).first).to_contain_text("a.png 2.0 KB")


def test_a_message_is_quoted(opened):
    tab, sending = opened()
    tab.get_by_role("button", name="Quote").first.click()
    expect(field(tab)).to_be_focused()
    expect(tab.locator(".quoting")).to_contain_text("Is the red boat still there?")
    field(tab).fill("Yes")
    field(tab).press("Control+Enter")
    expect(bubbles(tab).locator(".quote")).to_have_text("Is the red boat still there?")
    expect(tab.locator(".quoting")).to_have_count(0)
    assert '"replyTo"' in sending.posted[0]


def test_a_draft_is_there_on_another_device_and_after_leaving_the_page(opened, row, log_in):
    other = ConversationFactory(page=row.page, sender_name="Ben")
    tab, _ = opened()
    field(tab).fill("Yes, until")
    tab.get_by_role("link", name=re.compile("^Ben")).click()
    expect(tab.get_by_role("heading", name="Ben")).to_be_visible()
    expect(field(tab)).to_have_value("")
    field(tab).fill("To Ben")
    tab.goto("/account/keys")  # the draft is stored now, not a second later
    tab.goto(f"/?conversation={other.pk}")
    expect(field(tab)).to_have_value("To Ben")
    tab.goto(f"/?conversation={row.pk}")
    expect(field(tab)).to_have_value("Yes, until")
    user = User.objects.get(username="anna-agent")
    assert Draft.objects.get(user=user, conversation=row).text == "Yes, until"
    Draft.objects.filter(user=user, conversation=row).update(text="Written on the phone")
    tab.reload()
    expect(field(tab)).to_have_value("Written on the phone")
    field(tab).press("Control+Enter")
    expect(bubbles(tab)).to_have_count(1)
    tab.wait_for_function("!document.querySelector('#answer-text').value")
    tab.reload()
    expect(tab.get_by_role("heading", name="Ada Byron")).to_be_visible()
    expect(field(tab)).to_have_value("")


def test_what_is_written_before_the_draft_has_arrived_follows_it(opened, row):
    tab, _ = opened()
    user = User.objects.get(username="anna-agent")
    Draft.objects.create(user=user, conversation=row, text="From the phone", changed_at=datetime.now(UTC))
    held: list[Route] = []
    address = tab.url
    tab.goto("about:blank")  # which ends a request for the draft that is not answered yet
    tab.route(
        re.compile("/draft$"),
        lambda route: held.append(route) if route.request.method == "GET" else route.continue_(),
    )
    tab.goto(address)
    field(tab).fill("and more")
    with tab.expect_request_finished(lambda request: "phone" in (request.post_data or "")):
        wait_for_held(tab, held).continue_()
    expect(field(tab)).to_have_value("From the phone\nand more")
    assert Draft.objects.get(user=user, conversation=row).text == "From the phone\nand more"


def test_a_saved_reply_is_picked_by_its_shortcut_and_from_the_menu(opened, row):
    replies = [
        ("Greeting", "hello", "Hi {first_name}!"),
        ("Hours", "hours", "{last_name}: {page_name}, 9 to 5"),
    ]
    for name, shortcut, text in replies:
        SavedReply.objects.create(name=name, shortcut=shortcut, text=text, page=row.page)
    tab, _ = opened()
    field(tab).press_sequentially("Well, /h")
    options = tab.get_by_role("option")
    expect(options).to_have_count(2)
    shoot(tab, "suggestions")
    load_axe(tab)
    assert violations(tab) == []
    tab.keyboard.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    tab.keyboard.press("Escape")
    expect(options).to_have_count(0)
    tab.keyboard.type("e")
    expect(options).to_have_count(1)
    tab.keyboard.press("Enter")
    expect(field(tab)).to_have_value("Well, Hi Ada!")
    tab.get_by_role("button", name="Saved replies").press("Enter")
    tab.get_by_role("dialog").get_by_role("combobox").fill("9 to 5")
    expect(tab.get_by_role("option", name=re.compile("Hours"))).to_be_visible()
    shoot(tab, "menu")
    assert violations(tab) == []
    tab.keyboard.press("Enter")
    expect(field(tab)).to_have_value(f"Well, Hi Ada!Byron: {row.page.name}, 9 to 5")
    assert set(SavedReply.objects.values_list("uses", flat=True)) == {1}


def test_a_variable_that_is_not_known_must_be_replaced(opened, row):
    SavedReply.objects.create(name="Formal", shortcut="formal", text="Dear {last_name},", page=row.page)
    row.sender_name = "Byron"
    row.save()
    tab, _ = opened(name="Byron")
    field(tab).press_sequentially("/formal")
    expect(tab.get_by_role("option")).to_have_count(1)
    tab.keyboard.press("Tab")
    expect(field(tab)).to_have_value("Dear {last_name},")
    expect(tab.get_by_text("Replace {last_name} with words first")).to_be_visible()
    expect(tab.get_by_role("button", name="Send", exact=True)).to_be_disabled()


def test_saved_replies_are_made_changed_and_deleted(opened):
    tab, _ = opened()
    field(tab).fill("Thank you, {first_name|friend}!")
    tab.get_by_role("button", name="Saved replies").click()
    tab.get_by_role("dialog").get_by_role("combobox").fill("Thanks")
    tab.get_by_role("option", name="New saved reply …").click()
    dialog = tab.get_by_role("dialog", name="New saved reply")
    expect(dialog.get_by_label("Name")).to_have_value("Thanks")
    expect(dialog.get_by_label("Text")).to_have_value("Thank you, {first_name|friend}!")
    dialog.get_by_label("Shortcut").fill("thx")
    shoot(tab, "new-reply")
    load_axe(tab)
    assert violations(tab) == []
    dialog.get_by_role("button", name="Save").click()
    expect(tab.get_by_role("dialog")).to_have_count(0)
    reply = SavedReply.objects.get()
    assert (reply.name, reply.shortcut, reply.page.name) == ("Thanks", "thx", "Demo Shop")
    tab.get_by_role("button", name="Saved replies").click()
    tab.get_by_role("option", name="Change saved replies …").click()
    expect(tab.get_by_role("dialog")).to_contain_text("/thx")
    shoot(tab, "manage")
    assert violations(tab) == []
    tab.get_by_role("button", name="Edit Thanks").click()
    tab.get_by_role("dialog").get_by_label("Text").fill("Thanks!")
    tab.get_by_role("dialog").get_by_label("For").select_option("All Pages")
    tab.get_by_role("button", name="Save", exact=True).click()
    expect(tab.get_by_role("dialog", name="Saved replies")).to_contain_text("Thanks!")
    tab.get_by_role("button", name="Delete Thanks").click()
    tab.get_by_role("dialog", name="Delete saved reply").get_by_role("button", name="Delete").click()
    expect(tab.get_by_role("dialog")).to_contain_text("None yet.")
    assert not SavedReply.objects.exists()


def test_taggers_make_saved_replies_without_the_composer(opened, wrong):
    tab, _ = opened("tagger")
    tab.locator("#list-menu").click()
    tab.get_by_role("menuitem", name="Saved replies").click()
    tab.get_by_role("button", name="New saved reply").click()
    dialog = tab.get_by_role("dialog", name="New saved reply")
    dialog.get_by_label("Name").fill("Thanks")
    dialog.get_by_label("Text").fill("Thank you, {name}!")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_role("alert")).to_contain_text("There is no variable {name}")
    wrong.clear()
    dialog.get_by_label("Text").fill("Thank you, {first_name}!")
    dialog.get_by_role("button", name="Save").click()
    expect(tab.get_by_role("button", name="Edit Thanks")).to_be_visible()
    assert SavedReply.objects.get().maker.username == "anna-tagger"


def test_emoji_are_picked_with_the_keyboard(opened):
    tab, _ = opened()
    field(tab).fill("Yes ")
    tab.get_by_role("button", name="Emoji").press("Enter")
    expect(tab.get_by_role("menu", name="Emoji")).to_be_visible()
    for key in ("ArrowRight", "ArrowDown"):
        tab.keyboard.press(key)
    shoot(tab, "emoji")
    load_axe(tab)
    assert violations(tab) == []
    tab.keyboard.press("Enter")
    expect(field(tab)).to_have_value("Yes 🤣")
    expect(field(tab)).to_be_focused()


@pytest.mark.parametrize("role", ["viewer", "tagger"])
def test_who_is_no_agent_sees_no_composer(opened, role):
    tab, _ = opened(role)
    expect(tab.locator(".message")).to_have_count(2)
    expect(tab.locator("#composer")).to_be_hidden()
    expect(tab.get_by_role("button", name="Quote")).to_have_count(0)
    expect(tab.get_by_role("textbox", name="Note")).to_have_count(int(role == "tagger"))
    tab.keyboard.press("r")
    expect(field(tab)).to_have_count(0)
    assert not [url for url in tab.evaluate(LOADED) if "/composer/" in url]


LOADED = "performance.getEntriesByType('resource').map(({ name }) => name)"


def test_agents_switch_between_answer_and_note(opened):
    tab, _ = opened()
    expect(field(tab)).to_be_visible()
    expect(tab.get_by_role("textbox", name="Note")).to_have_count(0)
    tab.keyboard.press("c")
    expect(tab.get_by_role("textbox", name="Note")).to_be_focused()
    expect(field(tab)).to_have_count(0)
    shoot(tab, "note")
    tab.keyboard.press("Escape")
    tab.keyboard.press("r")
    expect(field(tab)).to_be_focused()


@pytest.mark.parametrize(("viewport", "scheme"), [(PHONE, "light"), (PHONE, "dark"), (DESKTOP, "dark")])
def test_it_fits_and_is_accessible(opened, viewport, scheme):
    tab, sending = opened(viewport=viewport, color_scheme=scheme)
    field(tab).fill("שלום, הסירה האדומה עדיין כאן!")
    assert field(tab).evaluate("field => getComputedStyle(field).direction") == "rtl"
    field(tab).press("Control+Enter")
    expect(bubbles(tab)).to_have_count(1)
    sending.messages[0] |= {"state": "uncertain", "reason": "Facebook gave no answer."}
    expect(bubbles(tab)).to_contain_text("not known")
    tab.get_by_role("button", name="Quote").first.click()
    field(tab).fill("A second answer with some more words in it, so that it takes two lines here.")
    load_axe(tab)
    assert violations(tab) == []
    assert tab.evaluate("document.documentElement.scrollWidth") == viewport["width"]
    shoot(tab, f"fits-{viewport['width']}-{scheme}")


PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 1000


def test_an_answer_reaches_facebook_and_becomes_a_message(log_in, world, shop, page):
    """With the routes of the server, its worker and the sandbox."""
    thread = world.add_conversation(shop, "Ana", ["Is it red?"])
    sync_conversations(page)
    tab = log_in("agent", f"/?conversation={Conversation.objects.get().pk}")
    expect(tab.get_by_text(re.compile("^You can answer until"))).to_be_visible()
    field(tab).fill("No, wait")
    field(tab).press("Control+Enter")
    tab.get_by_role("button", name="Cancel").click()
    expect(field(tab)).to_have_value("No, wait")
    tab.get_by_role("button", name="Quote").click()
    field(tab).fill("Yes, it is.")
    tab.get_by_label("Attach files").set_input_files(
        [{"name": "boat.png", "mimeType": "image/png", "buffer": PNG}]
    )
    field(tab).press("Control+Enter")
    expect(bubbles(tab)).to_have_count(2)
    sent = tab.locator("#events .message.right")
    expect(sent).to_have_count(2)
    expect(bubbles(tab)).to_have_count(0)
    expect(sent.last).to_contain_text("Is it red?Yes, it is.")
    expect(sent.last).to_contain_text("anna-agent")
    expect(sent.last).to_contain_text("Sent")
    own = [each for each in thread.history.newest(0, 10) if thread.is_business(each.sender)]
    assert len(own) == 2
    assert list(OutgoingMessage.objects.order_by("pk").values_list("state", flat=True)) == [
        "cancelled",
        "sent",
        "sent",
    ]
    shoot(tab, "sent")


def test_an_answer_is_sent_from_the_admin(log_in, row):
    tab = log_in("agent", "/account/keys")
    sending = FakeSending(tab)
    sending.reply = {"state": "open", "until": in_hours(3)}
    Draft.objects.create(
        user=User.objects.get(username="anna-agent"),
        conversation=row,
        text="Begun",
        reply_to=row.events.get(kind="message_received").pk,
        changed_at=datetime.now(UTC),
    )
    tab.goto(f"/admin/conversations/conversation/{row.pk}/change/")
    answer = tab.get_by_role("textbox", name="Answer to the customer")
    expect(answer).to_have_value("Begun")
    quoting = tab.locator(".inbox-quoting")
    expect(quoting).to_contain_text("Is the red boat still there?")
    tab.get_by_role("button", name="Don't quote").click()
    expect(quoting).to_have_count(0)
    with tab.expect_response(re.compile("/draft$")):
        tab.get_by_role("button", name="Quote", exact=True).last.click()
    expect(answer).to_be_focused()
    expect(quoting).to_contain_text("We are here until six.")
    quoted = row.events.get(kind="message_sent").pk
    assert list(Draft.objects.values_list("text", "reply_to")) == [("Begun", quoted)]
    expect(tab.get_by_text(re.compile("^You can answer until"))).to_be_visible()
    answer.fill("Yes, it is.")
    files = [{"name": "a.pdf", "mimeType": "application/pdf", "buffer": b"x"}]
    tab.get_by_label("Attach files").set_input_files(files)
    answer.press("Control+Enter")
    outgoing = tab.locator(".inbox-outgoing li")
    expect(outgoing).to_have_count(2)
    expect(answer).to_have_value("")
    expect(quoting).to_have_count(0)
    expect(outgoing.locator("blockquote")).to_have_text(["We are here until six."])
    assert sending.texts() == ["Yes, it is."]
    assert json.loads(sending.posted[1])["replyTo"] == quoted
    sending.messages[1] |= {"state": "failed", "reason": "The customer cannot be reached."}
    expect(outgoing.nth(1)).to_contain_text("Not sent: The customer cannot be reached.")
    load_axe(tab)
    assert serious_violations(tab) == []
    shoot(tab, "admin")
    outgoing.nth(1).get_by_role("button", name="Discard").click()
    expect(outgoing).to_have_count(1)
    outgoing.get_by_role("button", name="Cancel").click()
    expect(outgoing).to_have_count(0)
    sending.reply = {"state": "closed", "until": in_hours(-1)}
    tab.reload()
    expect(tab.get_by_text("until they write again")).to_be_visible()
    answer.fill("Too late")
    expect(tab.get_by_role("button", name="Send", exact=True)).to_be_disabled()


def test_who_is_no_agent_has_no_composer_in_the_admin(log_in, row):
    tab = log_in("tagger", f"/admin/conversations/conversation/{row.pk}/change/")
    expect(tab.get_by_role("textbox", name="Note for colleagues")).to_be_visible()
    expect(tab.locator("#inbox-answer")).to_have_count(0)
