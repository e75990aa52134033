"""The search in the text of all messages."""

from datetime import timedelta

import pytest

from conversations.jobs import fold_messages
from conversations.models import InteractionEvent
from conversations.reading import messages
from conversations.reading.messages import catch_up, snippet
from conversations.reading.tables import MessagePart, MessageQueue
from tests.factories import NOON, ConversationFactory, EventFactory, PageFactory, api, member

LIST = "/api/conversations"


@pytest.fixture
def page(db):
    return PageFactory()


@pytest.fixture
def viewer(page):
    return api(member(page))


def searched(client, term, **parameters) -> dict:
    answer = client.get(LIST, {"search": term, "search_in": "messages", **parameters})
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_messages_of_all_times_are_found_with_their_number_and_the_newest(page, viewer):
    row, other = ConversationFactory.create_batch(2, page=page)
    for days, text in ((900, "Haben Sie GRÖSSE 42?"), (30, "Wegen der Größe …"), (1, "Danke")):
        EventFactory(conversation=row, text=text, occurred_at=NOON - timedelta(days=days))
    EventFactory(conversation=other, text="anything else")
    answer = searched(viewer, "grosse")
    [found] = answer["conversations"]
    assert found["id"] == row.pk
    matches = found["matches"]
    newest = InteractionEvent.objects.get(text__startswith="Wegen")
    assert (matches["count"], matches["event"], matches["snippet"]) == (2, newest.pk, "Wegen der Größe …")
    assert answer["pagination"]["total"] == 1
    assert answer["pagination"]["behind"] == 0


def test_names_are_not_searched_with_the_messages(page, viewer):
    row = ConversationFactory(page=page, sender_name="Haribo", last_message="Haribo")
    EventFactory(conversation=row, text="macht Kinder froh")
    assert searched(viewer, "haribo")["conversations"] == []


def test_new_and_changed_messages_are_found_as_they_are_now(page, viewer):
    row = ConversationFactory(page=page)
    event = EventFactory(conversation=row, text="first words")
    assert searched(viewer, "first")["conversations"]
    EventFactory(conversation=row, text="second words")
    assert searched(viewer, "words")["conversations"][0]["matches"]["count"] == 2
    event.text = "other words"
    event.save()
    assert searched(viewer, "first")["conversations"] == []
    assert searched(viewer, "other")["conversations"][0]["matches"]["count"] == 1
    event.delete()
    assert searched(viewer, "words")["conversations"][0]["matches"]["count"] == 1


def test_a_long_conversation_is_folded_into_parts_and_appended_to(page, viewer, monkeypatch):
    monkeypatch.setattr(messages, "PART_LETTERS", 50)
    row = ConversationFactory(page=page)
    for number in range(12):
        EventFactory(conversation=row, text=f"the {number}. message")
        if number % 5 == 0:
            catch_up()
    assert searched(viewer, "message")["conversations"][0]["matches"]["count"] == 12
    assert 2 < MessagePart.objects.count() < 6
    assert searched(viewer, "message the")["conversations"] == []  # no term reaches over two messages


def test_what_is_still_to_be_made_searchable_is_told(page, viewer, monkeypatch):
    for row in ConversationFactory.create_batch(3, page=page):
        EventFactory(conversation=row, text="hello there")
    monkeypatch.setattr(messages, "CATCH_UP_SECONDS", -1)
    assert searched(viewer, "hello")["pagination"]["behind"] == 3
    assert catch_up(seconds=10) == 0
    assert not MessageQueue.objects.exists()
    assert searched(viewer, "hello")["pagination"]["total"] == 3


@pytest.mark.parametrize(
    ("text", "term", "shown"),
    [
        ("short", "ort", "short"),
        ("x" * 100 + "GRÖSSE" + "y" * 100, "grosse", "…" + "x" * 60 + "GRÖSSE" + "y" * 60 + "…"),
        ("ß" * 100 + "needle", "needle", "…" + "ß" * 60 + "needle"),
        ("", "x", ""),
    ],
)
def test_snippet_is_the_text_around_the_term(text, term, shown):
    assert snippet(text, term) == shown


@pytest.mark.django_db(transaction=True)
def test_a_job_makes_new_messages_searchable():
    EventFactory(text="hello there")
    assert MessageQueue.objects.count() == 1
    fold_messages(0)
    assert MessagePart.objects.get().text == "hello there"
    assert not MessageQueue.objects.exists()
