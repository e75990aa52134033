"""Two people have the same conversation open on the inbox page."""

from playwright.sync_api import expect

from tests.factories import ConversationFactory


def test_others_are_told_who_has_the_conversation_open(log_in, page):
    first, second = (ConversationFactory(page=page, sender_name=name) for name in ("Ada", "Bob"))
    anna, ben = (
        log_in("tagger", f"/?conversation={first.pk}"),
        log_in("viewer", f"/?conversation={second.pk}"),
    )
    expect(anna.get_by_role("heading", name="Ada")).to_be_visible()
    expect(ben.get_by_role("heading", name="Bob")).to_be_visible()
    expect(ben.locator("#also-open")).to_be_hidden()
    ben.get_by_role("link", name="Ada").click()
    for tab, other in ((anna, "anna-viewer"), (ben, "anna-tagger")):
        expect(tab.get_by_text(f"Also open: {other}")).to_be_visible()
    ben.close()
    expect(anna.locator("#also-open")).to_be_hidden()
