"""Managers see an imported thread beside the conversation to which it may belong, and decide."""

import pytest

from conversations.imports.staged_rows import time_of
from conversations.models import Conversation, ImportedThread
from tests.conversations.imports.in_memory import messages_of, said, store, thread_of
from tests.factories import ConversationFactory, EventFactory

LIST = "/admin/conversations/importedthread/"


@pytest.fixture
def thread(page):
    conversation = ConversationFactory(page=page, sender_name="Ana")
    hello = said(9, "hello <b>you</b>", page=False)

    EventFactory(conversation=conversation, text=hello.text, graph_id="m_1", occurred_at=time_of(hello))
    store(page, thread_of("77", said(1, "Something before"), hello, name="Ben"))
    return ImportedThread.objects.get()


def url(thread, view: str = "change") -> str:
    return f"{LIST}{thread.pk}/{view}/"


def post(client, thread, act: str, **fields):
    suggestion = thread.suggestions.first()
    given = {"conversation": suggestion.conversation_id} if suggestion else {}
    return client.post(url(thread, "decide"), given | {"act": act} | fields, follow=True)


def text(response) -> str:
    return " ".join(response.content.decode().split())


def test_list_shows_what_is_to_be_decided(thread, staff):
    shown = text(staff("manager").get(LIST, {"state__exact": "suggested"}))
    assert "Ben" in shown
    assert "Suggested" in shown
    assert "2024-05" in shown


def test_thread_stands_beside_the_conversation_with_its_proofs(thread, staff):
    shown = text(staff("manager").get(url(thread)))
    assert "<b>1</b> message of the customer is in both." in shown
    assert shown.count("hello &lt;b&gt;you&lt;/b&gt;") == 2
    assert "<b>proof</b>" in shown
    assert "Something before" in shown


def test_decisions_and_their_undoing(thread, staff):
    client = staff("manager")
    assert "stays on its own" in text(post(client, thread, "reject"))
    assert "Undo this decision" in text(client.get(url(thread)))
    assert "suggested again" in text(post(client, thread, "reopen"))
    assert "is in this conversation now" in text(post(client, thread, "accept"))
    conversation = Conversation.objects.get()
    assert len(messages_of(conversation)) == 2
    history = text(client.get(f"/admin/conversations/conversation/{conversation.pk}/change/"))
    assert "Got 2 messages of an archive" in history
    assert "on its own again" in text(post(client, thread, "take_out"))
    assert Conversation.objects.count() == 2


def test_decision_that_came_too_late_is_explained(thread, staff):
    client = staff("manager")
    suggested = thread.suggestions.get().conversation_id
    post(client, thread, "accept")
    assert "Nothing was changed" in text(post(client, thread, "reject", conversation=suggested))


@pytest.mark.parametrize("role", ["viewer", "tagger"])
def test_only_managers_see_it(thread, staff, role):
    client = staff(role)
    assert client.get(LIST).status_code == 403
    assert client.get(url(thread)).status_code in (403, 404)
    assert client.post(url(thread, "decide"), {"act": "take_out"}).status_code == 404


@pytest.mark.parametrize("fields", [{"act": "delete"}, {"act": ""}])
def test_unknown_decision_is_refused(thread, staff, fields):
    assert staff("manager").post(url(thread, "decide"), fields).status_code == 403


@pytest.mark.parametrize("given", ["", "x", "0", "9" * 30])
def test_unknown_conversation_is_not_found(thread, staff, given):
    answer = staff("manager").post(url(thread, "decide"), {"act": "accept", "conversation": given})
    assert answer.status_code == 404
