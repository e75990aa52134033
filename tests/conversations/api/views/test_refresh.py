"""Refreshing a conversation or attachment through the API."""

import pytest

from conversations.models import Conversation, InteractionEvent, Page
from conversations.sandbox import faults
from conversations.sandbox.data import media
from conversations.sync.service import sync_conversations
from tests.factories import EventFactory, api, member

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def page(shop, sandbox):
    return Page.objects.create(facebook_page_id=shop.id, name=shop.name, access_token=shop.token)


@pytest.fixture
def thread(world, shop, page):
    thread = world.add_conversation(shop, "Ana", messages=["Hi", {"message": "", **media.two_images(7)}])
    sync_conversations(page)
    return thread


def refresh_address() -> str:
    return f"/api/conversations/{Conversation.objects.get().pk}/refresh"


def attachment_address(index: int) -> str:
    event = InteractionEvent.objects.get(text="")
    return f"/api/conversations/{event.conversation_id}/events/{event.pk}/attachments/{index}"


def test_refresh_returns_the_conversation_and_the_new_messages(world, thread, tagger):
    world.add_message(thread, "One more")
    answer = tagger.post(refresh_address())
    assert answer.status_code == 200
    body = answer.json()
    assert (body["eventsCreated"], body["message"]) == (1, "1 new message.")
    assert body["conversation"]["last_message"] == "One more"


def test_roles_are_checked(thread, viewer, page):
    assert viewer.post(refresh_address()).status_code == 403
    assert viewer.get(attachment_address(0)).status_code == 302
    stranger = api(member(Page.objects.create(facebook_page_id="1")))
    assert stranger.post(refresh_address()).status_code == 404
    assert stranger.get(attachment_address(0)).status_code == 404
    assert api(None).post(refresh_address()).status_code == 401
    assert api(None).get(attachment_address(0)).status_code == 401


def test_attachment_redirects_to_a_new_link(thread, viewer):
    fresh = "https://new.example/8.jpg"
    thread.history.newest(0, 1)[0].fields["attachments"][1]["image_data"]["url"] = fresh
    answer = viewer.get(attachment_address(1), HTTP_ACCEPT="text/html")
    assert (answer.status_code, answer["Location"]) == (302, fresh)
    assert answer["Referrer-Policy"] == "no-referrer"


def test_address_at_facebook(thread, viewer):
    answer = viewer.get(refresh_address().replace("/refresh", "/facebook"))
    assert answer.json()["url"].startswith("https://www.facebook.com/")
    assert answer.json()["url"].endswith(f"/inbox/{thread.number}/")


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (faults.unavailable(), 502),
        (faults.token_error(460), 409),
        (faults.graph_error(100, 33), 410),
    ],
    ids=["502", "409", "410"],
)
def test_failures_return_status_and_message(thread, tagger, page, sandbox, fault, status):
    sandbox.faults.add(fault, times=None)
    for answer in (tagger.post(refresh_address()), tagger.get(attachment_address(0))):
        assert answer.status_code == status
        assert answer.json()["error"].endswith(".") or ":" in answer.json()["error"]
        assert page.access_token not in answer.json()["error"]


def test_missing_attachment_or_event_is_a_404(thread, viewer):
    other = EventFactory()
    assert viewer.get(attachment_address(9)).json() == {
        "error": "Facebook provides no link for this attachment."
    }
    assert viewer.get(attachment_address(9)).status_code == 404
    mine = Conversation.objects.exclude(pk=other.conversation_id).get().pk
    for event in (other.pk, 10**30):
        answer = viewer.get(f"/api/conversations/{mine}/events/{event}/attachments/0")
        assert answer.status_code == 404
