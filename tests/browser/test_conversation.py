"""Staff read a long conversation, open an attachment, refresh, and go to the next conversation."""

import pytest
from playwright.sync_api import expect

from conversations.models import Conversation
from conversations.sandbox.data import media
from conversations.sync.service import sync_conversations
from tests.browser.accessibility import load_axe, serious_violations, violations_of_both_schemes


@pytest.fixture
def fresh(sandbox) -> str:
    """The new URL of the image. The sandbox answers there, although only that it knows no such path.

    By this name it is none of the files that this host sends itself.
    """
    return f"http://localhost:{sandbox.port}/7.jpg"


@pytest.fixture
def ana(world, shop, page, fresh):
    """A conversation with 450 messages; the newest has an image whose URL has changed on Facebook."""
    texts = [f"no. {number:03} " + "and so on " * (number % 7) for number in range(449)]
    thread = world.add_conversation(shop, "Ana", messages=[*texts, {"message": "", **media.image(7)}])
    world.add_conversation(shop, "Mia", messages=2)
    sync_conversations(page)
    image = thread.history.newest(0, 1)[0].fields["attachments"][0]
    image["image_data"]["url"] = fresh
    return thread


SETTLED_POSITION = """async (timeline, [text, scroll]) => {
  const texts = [...timeline.querySelectorAll(".inbox-text")];
  const message = texts.find((one) => one.textContent.startsWith(text));
  if (scroll) message.scrollIntoView({ block: "center" });
  let now, calm = 0;
  while (calm < 20) {
    await new Promise(requestAnimationFrame);
    const before = now;
    now = message.getBoundingClientRect().top;
    calm = now === before ? calm + 1 : 0;
  }
  return now;
}"""


def settled_position(timeline, text: str, *, scroll: bool = True) -> float:
    """Return the position of a message on the screen, once nothing moves."""
    return timeline.evaluate(SETTLED_POSITION, [text, scroll])


def accessibility_errors(tab) -> list[str]:
    """Return the serious violations that axe finds in both color schemes."""
    load_axe(tab)
    found = violations_of_both_schemes(tab, serious_violations)
    return [f"{one['id']}: {one['help']}" for one in found]


def test_long_conversation_is_read_to_its_start_and_refreshed(log_in, ana, world, fresh):
    tab = log_in("tagger")
    tab.get_by_role("link", name="Conversations").first.click()
    tab.get_by_role("link", name="Ana", exact=True).click()
    timeline = tab.get_by_role("region", name="Messages with Ana")
    expect(tab.get_by_role("link", name="image-7")).to_be_in_viewport()  # it opens at the newest

    requests: list = []
    tab.route("**/messages/?before=*", lambda route: requests.append(route), times=1)
    with tab.expect_request("**/messages/?before=*"):
        position = settled_position(timeline, "no. 353 ")
    requests.pop().continue_()
    expect(tab.get_by_text("no. 250 ")).to_be_attached()
    moved = abs(settled_position(timeline, "no. 353 ", scroll=False) - position)
    assert moved < 5, "visible messages must not move"
    for oldest in (150, 50, 0):
        timeline.evaluate("box => box.scrollTo(0, -box.scrollHeight)")
        expect(tab.get_by_text(f"no. {oldest:03} ")).to_be_attached()
    expect(tab.get_by_text("Start of conversation")).to_be_attached()
    expect(tab.locator(".inbox-message")).to_have_count(450)
    texts = tab.locator(".inbox-text").all_text_contents()  # messages far outside are not laid out
    assert [text[:7] for text in texts] == [f"no. {number:03}" for number in range(449)]
    assert tab.locator("[data-older]").count() == 0

    with tab.expect_popup() as opened:
        tab.get_by_role("link", name="image-7").click()
    opened.value.wait_for_url(fresh)
    assert opened.value.evaluate("[document.referrer, window.opener]") == ["", None]
    opened.value.close()

    world.add_message(ana, "Are you there?")
    tab.get_by_role("button", name="Refresh from Facebook").click()
    expect(tab.get_by_text("1 new message.")).to_be_visible()
    expect(tab.get_by_text("Are you there?")).to_be_in_viewport()

    assert accessibility_errors(tab) == []

    tab.keyboard.press("j")
    expect(tab.get_by_role("region", name="Messages with Mia")).to_be_visible()
    tab.get_by_role("link", name="Previous: Ana").click()
    expect(timeline).to_be_visible()
    assert Conversation.objects.get(sender_name="Ana").last_message == "Are you there?"
