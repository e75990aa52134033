"""A stored message takes the newer state that Facebook shows, and nothing is written for links alone."""

import pytest

from conversations.models import Conversation, InteractionEvent, Thread
from conversations.search.index.message_index import index_pending
from conversations.sync.load.states.fingerprint import fingerprint
from conversations.sync.service import sync_conversations
from tests.conversations.sync.copies import row_versions

LOVE = [{"reaction": "love", "users": [{"id": "900000000000001"}]}]
LOVE_OF_PAGE = [{"actor": "page", "reaction": "love", "emoji": ""}]
IMAGE = {
    "id": "1",
    "mime_type": "image/png",
    "image_data": {"url": "https://scontent-a.fbcdn.net/v/1.png?oh=1"},
}


def message(graph_id: str) -> InteractionEvent:
    return InteractionEvent.objects.get(graph_id=graph_id)


def changes() -> list[dict]:
    return [event.data for event in InteractionEvent.objects.filter(kind="content_updated").order_by("id")]


@pytest.fixture
def thread(page, world, shop):
    thread = world.add_conversation(shop, "Ana Test", [{"message": "Text", "id": "m_1"}])
    sync_conversations(page)
    return thread


def edit(thread, text: str | None = None, index: int = 0, **fields) -> None:
    stored = thread.history[index]
    stored.fields = stored.fields | fields
    stored.message = stored.message if text is None else text


def test_incremental_run_stores_newer_states_of_nested_messages(page, world, thread):
    edit(thread, "The corrected text", reactions=LOVE)
    world.add_message(thread, "Thanks", from_page=True)
    result = sync_conversations(page)
    assert (result.events_created, result.updated) == (1, 1)
    event = message("m_1")
    assert (event.text, event.data["reactions"]) == ("The corrected text", LOVE_OF_PAGE)
    assert changes() == [{"message": "m_1", "changed": ["text", "reactions"], "before": "Text"}]
    assert Conversation.objects.get().last_message == "Thanks"


@pytest.mark.parametrize("count", [1, 30, 130])
def test_full_run_stores_newer_states(page, world, shop, count):
    thread = world.add_conversation(shop, messages=count)
    sync_conversations(page)
    edit(thread, "Edited", index=max(0, count - 20))
    assert sync_conversations(page, full=True).updated == 1
    assert InteractionEvent.objects.filter(text="Edited").count() == 1


def test_last_message_and_search_follow_an_edit(page, thread, client, django_user_model):
    edit(thread, "Entirely different")
    sync_conversations(page, full=True)
    assert Conversation.objects.get().last_message == "Entirely different"
    index_pending()
    client.force_login(django_user_model.objects.create_superuser("anna"))

    def search(text: str) -> int:
        answer = client.get("/api/conversations", {"search": text, "search_in": "messages"})
        return len(answer.json()["conversations"])

    assert (search("entirely different"), search("Text")) == (1, 0)


def test_unsupported_message_becomes_readable_and_stays_so(page, world, shop):
    thread = world.add_conversation(shop, "Ana Test", [{"message": "", "id": "m_1", "is_unsupported": True}])
    sync_conversations(page)
    stored = thread.history[0]
    stored.message, stored.fields = "Now readable", {}
    sync_conversations(page, full=True)
    assert (message("m_1").text, "is_unsupported" in message("m_1").data) == ("Now readable", False)
    stored.message, stored.fields = "", {"is_unsupported": True}
    sync_conversations(page, full=True)
    assert message("m_1").text == "Now readable"
    assert len(changes()) == 1


def test_links_alone_write_no_row(page, world, shop):
    thread = world.add_conversation(shop, "Ana Test", [{"message": "", "attachments": [IMAGE]}])
    sync_conversations(page)
    before = row_versions()
    thread.history[0].fields = {
        "attachments": [IMAGE | {"image_data": {"url": "https://scontent-b.fbcdn.net/v/1.png?oh=2&oe=9"}}]
    }
    assert sync_conversations(page, full=True).unchanged == 1
    assert row_versions() == before


def test_messages_of_an_earlier_version_are_compared_without_a_write(page, thread):
    InteractionEvent.objects.update(fingerprint=None)
    before = row_versions()
    sync_conversations(page, full=True)
    assert row_versions() == before
    edit(thread, "Edited")
    sync_conversations(page, full=True)
    assert message("m_1").text == "Edited"


def test_answer_without_all_fields_replaces_nothing(page, world, shop, sandbox):
    world.add_conversation(shop, "Ana Test", [{"message": "Text", "sticker": "https://x/s.png"}])
    sync_conversations(page)
    before = row_versions()
    sandbox.switches.refused_fields.add("sticker")
    sync_conversations(page, full=True)
    assert row_versions() == before


def test_wrong_time_of_an_earlier_version_is_corrected_without_an_event(page, thread):
    right = message("m_1").occurred_at
    InteractionEvent.objects.update(occurred_at=right.replace(year=1795))
    Conversation.objects.update(last_message_time=right.replace(year=1795))
    Thread.objects.update(complete_until=right.replace(year=1795))
    sync_conversations(page, full=True)
    assert (message("m_1").occurred_at, Conversation.objects.get().last_message_time) == (right, right)
    assert changes() == []


def test_fingerprint_follows_the_content_only():
    def of(text: str = "Hi", attachments: list | None = None, **data) -> int:
        return fingerprint("message_sent", text, attachments or [], data)

    assert of() == of(**{"from": {"name": "Ana"}}, tags={"data": []}, reactions={"data": []})
    assert len({of(), of("Hi!"), of(attachments=[IMAGE]), of(reactions={"data": LOVE})}) == 4
    assert of(sticker="https://x/a.png?b=1") == of(sticker="https://x/a.png?b=2")
    assert of(sticker="https://x/a.png") != of(sticker="https://y/a.png")
    assert of(story={"a": "\ud83d", "b": 2**70}) != of(story={"a": "", "b": 2**70})
