"""Staff read a long conversation, open what is attached, refresh, and go through the list."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from conversations.models import Conversation
from conversations.sandbox import media
from conversations.sync.service import sync_conversations

FRESH = "https://new.example/"


@pytest.fixture
def ana(world, shop, page):
    """450 messages, of which the newest has a picture; then Facebook gives another link to it."""
    said = [f"no. {number:03} " + "and so on " * (number % 7) for number in range(449)]
    thread = world.add_conversation(shop, "Ana", messages=[*said, {"message": "", **media.image(7)}])
    world.add_conversation(shop, "Mia", messages=2)
    sync_conversations(page)
    picture = thread.history.newest(0, 1)[0].fields["attachments"][0]
    picture["image_data"]["url"] = f"{FRESH}7.jpg"
    return thread


SETTLED_PLACE = """async (talk, [text, scroll]) => {
  const found = [...talk.querySelectorAll(".inbox-text")].find((one) => one.textContent.startsWith(text));
  if (scroll) found.scrollIntoView({ block: "center" });
  let now, calm = 0;
  while (calm < 20) {
    await new Promise(requestAnimationFrame);
    const before = now;
    now = found.getBoundingClientRect().top;
    calm = now === before ? calm + 1 : 0;
  }
  return now;
}"""


def settled_place(talk, text: str, *, scroll: bool = True) -> float:
    """Where on the screen a message stands, once nothing moves."""
    return talk.evaluate(SETTLED_PLACE, [text, scroll])


def serious_faults(tab) -> list[str]:
    """What axe finds in the page."""
    found = Axe().run(tab).response["violations"]
    return [f"{one['id']}: {one['help']}" for one in found if one["impact"] in ("serious", "critical")]


def test_a_long_conversation_is_read_to_its_beginning_refreshed_and_left(log_in, ana, world):
    tab = log_in("tagger")
    tab.get_by_role("link", name="Conversations").first.click()
    tab.get_by_role("link", name="Ana", exact=True).click()
    talk = tab.get_by_role("region", name="Messages with Ana")
    expect(tab.get_by_role("link", name="image-7")).to_be_in_viewport()  # it opens at the newest

    held: list = []
    tab.route("**/messages/?before=*", lambda route: held.append(route), times=1)
    with tab.expect_request("**/messages/?before=*"):
        place = settled_place(talk, "no. 353 ")
    held.pop().continue_()
    expect(tab.get_by_text("no. 250 ")).to_be_attached()
    moved = abs(settled_place(talk, "no. 353 ", scroll=False) - place)
    assert moved < 5, "what is read stays where it is"
    for oldest in (150, 50, 0):
        talk.evaluate("box => box.scrollTo(0, -box.scrollHeight)")
        expect(tab.get_by_text(f"no. {oldest:03} ")).to_be_attached()
    expect(tab.get_by_text("These are all messages")).to_be_attached()
    expect(tab.locator(".inbox-message")).to_have_count(450)
    shown = tab.locator(".inbox-text").all_text_contents()  # those out of sight are not laid out
    assert [text[:7] for text in shown] == [f"no. {number:03}" for number in range(449)]
    assert tab.locator("[data-older]").count() == 0

    tab.context.route(f"{FRESH}**", lambda route: route.fulfill(body="a picture"))
    with tab.expect_popup() as opened:
        tab.get_by_role("link", name="image-7").click()
    expect(opened.value.get_by_text("a picture")).to_be_visible()
    assert opened.value.url == f"{FRESH}7.jpg"
    assert opened.value.evaluate("[document.referrer, window.opener]") == ["", None]
    opened.value.close()

    world.add_message(ana, "Are you there?")
    tab.get_by_role("button", name="Refresh from Facebook").click()
    expect(tab.get_by_text("1 new message.")).to_be_visible()
    expect(tab.get_by_text("Are you there?")).to_be_in_viewport()

    for scheme in ("light", "dark"):
        tab.emulate_media(color_scheme=scheme)
        assert serious_faults(tab) == []

    tab.keyboard.press("j")
    expect(tab.get_by_role("region", name="Messages with Mia")).to_be_visible()
    tab.get_by_role("link", name="Previous: Ana").click()
    expect(talk).to_be_visible()
    assert Conversation.objects.get(sender_name="Ana").last_message == "Are you there?"
