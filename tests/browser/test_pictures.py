"""Pictures, players and cards, on the inbox page and in the admin, at two sizes, light and dark."""

import pytest
from playwright.sync_api import Page as Tab
from playwright.sync_api import expect

from conversations.models import Conversation, InteractionEvent
from conversations.sandbox.data import media
from conversations.sync.service import sync_conversations
from tests.browser.accessibility import load_axe, serious_violations, violations_of_both_schemes

SIZES = [{"width": 1280, "height": 800}, {"width": 390, "height": 844}]
IS_LOADED = "images => images.every(image => image.complete && image.naturalWidth > 0)"


@pytest.fixture
def ana(world, shop, page, sandbox):
    """A conversation with everything that has a file, and a picture that is gone at Facebook."""
    sandbox.switches.serve_files = True
    makers = (media.image, media.video, media.audio, media.file, media.template, media.sticker, media.share)
    more = [{"message": "Another one", **media.image(8)}, {"message": "The last one", **media.image(9)}]
    thread = world.add_conversation(
        shop, "Ana", messages=[*({"message": "", **make(7)} for make in makers), *more]
    )
    sync_conversations(page)
    return Conversation.objects.get(graph_id=thread.id)


def pictures(tab: Tab):
    return tab.locator(".media-open img")


def wait_for_pictures(tab: Tab) -> None:
    """Scroll to each picture, as they are loaded when they are near, until all are there."""
    for number in range(pictures(tab).count()):
        pictures(tab).nth(number).scroll_into_view_if_needed()
    tab.wait_for_function(
        f"() => ({IS_LOADED})([...document.querySelectorAll('.media-open img, .media-card img')])"
    )


def check_lightbox(tab: Tab) -> None:
    opener = tab.get_by_role("button", name="Open image: image-8")
    opener.focus()
    tab.keyboard.press("Enter")
    box = tab.get_by_role("dialog", name="Picture")
    expect(box.get_by_text("image-8 · 3 of 4")).to_be_visible()
    tab.keyboard.press("ArrowRight")
    expect(box.get_by_text("image-9 · 4 of 4")).to_be_visible()
    expect(box.get_by_role("button", name="Next picture")).to_be_disabled()
    for _ in range(2):
        tab.keyboard.press("ArrowLeft")
    expect(box.get_by_text("2 of 4")).to_be_visible()
    tab.wait_for_function(f"() => ({IS_LOADED})([document.querySelector('.lightbox-image')])")
    tab.keyboard.press("Escape")
    expect(box).to_have_count(0)
    expect(opener).to_be_focused()


@pytest.mark.parametrize("size", SIZES, ids=["desktop", "phone"])
@pytest.mark.parametrize("at", ["/?conversation={}", "/admin/conversations/conversation/{}/change/"])
def test_media_show_in_place_with_a_lightbox(log_in, ana, size, at):
    tab = log_in("viewer", at.format(ana.pk), viewport=size)
    expect(pictures(tab)).to_have_count(4)
    wait_for_pictures(tab)
    assert tab.locator("video").evaluate("video => [video.controls, video.preload]") == [True, "none"]
    assert tab.locator("audio").evaluate("audio => [audio.controls, audio.preload]") == [True, "none"]
    card = tab.get_by_role("link", name="Your order is on its way")
    expect(card).to_contain_text("Arrives tomorrow before noon")
    expect(card).to_contain_text("shop.example")
    expect(tab.get_by_role("link", name="invoice-7.pdf")).to_be_visible()
    check_lightbox(tab)
    widths = "() => [document.documentElement.scrollWidth, innerWidth]"
    assert tab.evaluate(widths)[0] <= size["width"]
    load_axe(tab)
    assert violations_of_both_schemes(tab, serious_violations) == []


def test_video_and_recording_play(log_in, ana):
    tab = log_in("viewer", f"/?conversation={ana.pk}")
    for name in ("video", "audio"):
        tab.locator(name).evaluate("async player => { player.muted = true; await player.play(); }")
        tab.wait_for_function(f"() => document.querySelector('{name}').currentTime > 0.2")


def test_boxes_have_their_size_before_the_picture_is_there(log_in, ana):
    tab = log_in("viewer")
    tab.route("**/preview", lambda route: None)  # it never comes
    tab.goto(f"/?conversation={ana.pk}")
    expect(pictures(tab)).to_have_count(4)
    boxes = pictures(tab).evaluate_all("images => images.map(image => image.getBoundingClientRect().height)")
    assert all(height > 100 for height in boxes)
    tab.unroute_all(behavior="ignoreErrors")


def test_picture_that_cannot_be_had_says_so_in_its_place(log_in, ana, world, page, wrong):
    event = InteractionEvent.objects.get(text="Another one")
    item = event.attachments[0]
    for name in ("url", "preview_url"):
        item["image_data"][name] = item["image_data"][name].partition("?")[0] + "?oh=0&oe=6900"
    InteractionEvent.objects.filter(pk=event.pk).update(attachments=[item])
    shop = world.pages[page.facebook_page_id]
    world.remove_message(shop.threads[ana.graph_id], event.graph_id)
    tab = log_in("viewer", f"/?conversation={ana.pk}")
    note = tab.get_by_text("This picture cannot be shown. This attachment is no longer available at Facebook")
    expect(note).to_be_visible()
    assert all("410" in error for error in wrong)
    wrong.clear()
