"""Read marks, assignees, snoozes and notes in the admin: on the page of a conversation, and of many."""

import pytest
from django.utils.html import strip_tags

from conversations.models import Conversation, InteractionEvent
from tests.factories import ConversationFactory, member

LIST = "/admin/conversations/conversation/"


@pytest.fixture
def row(page):
    return ConversationFactory(page=page, unread_count=2)


def post(client, row, part: str, **body) -> str:
    return client.post(f"{LIST}{row.pk}/{part}/", body, follow=True).content.decode()


def run_action(client, action: str, *rows, **form):
    body = {"action": action, "select_across": 0, "_selected_action": [row.pk for row in rows], **form}
    return client.post(LIST, {"index": 0, **body}, follow=True)


def messages_of(response) -> list[str]:
    return [strip_tags(str(message)) for message in response.context["messages"]]


def test_a_conversation_is_read_assigned_and_snoozed(page, row, staff):
    client, ben = staff("tagger"), member(page, "tagger")
    assert "Mark as unread" in post(client, row, "read")
    assert f"Assigned to <b>{ben.username}</b>" in post(client, row, "assignee", user=ben.pk)
    assert "snoozed until" in post(client, row, "snooze", hours="4")
    shown = post(client, row, "snooze")
    assert "Snooze ended" in shown
    assert "snoozed until" not in shown
    assert "Assigned to nobody" in post(client, row, "assignee", user="")
    row.refresh_from_db()
    assert (row.unread_count, row.assignee, row.snoozed_until) == (0, None, None)


@pytest.mark.parametrize("user", ["999999", "ben", "-1"])
def test_others_cannot_be_assigned(row, staff, user):
    assert "cannot be assigned" in post(staff("tagger"), row, "assignee", user=user)


def test_what_is_done_is_not_snoozed(row, staff):
    Conversation.objects.update(conversation_status="done")
    assert "Reopen it first" in post(staff("tagger"), row, "snooze", hours="1")


def test_notes_stand_among_the_messages_and_are_deleted_by_their_authors(page, row, staff):
    client, ben = staff("tagger"), member(page)
    shown = post(client, row, "notes", text=f"<b>Ask</b> @{ben.username}")
    assert "&lt;b&gt;Ask&lt;/b&gt;" in shown
    assert f"Note of {client.user}" in shown
    note = InteractionEvent.objects.get(kind="note_added")
    assert note.data["mentions"] == [{"id": ben.pk, "name": ben.username}]
    InteractionEvent.objects.update(actor=ben)
    assert client.post(f"{LIST}{row.pk}/delete-note/", {"note": note.pk}).status_code == 403
    InteractionEvent.objects.update(actor=client.user)
    post(client, row, "delete-note", note=note.pk)
    assert not InteractionEvent.objects.exists()
    assert "1 to 5,000 characters" in post(client, row, "notes", text=" ")


def test_many_are_assigned_snoozed_and_marked(page, row, staff):
    client, other = staff("tagger"), ConversationFactory(page=page)
    assert client.user.username in run_action(client, "assign", row, other).content.decode()
    done = run_action(client, "assign", row, other, confirmed=1, assignee=client.user.pk)
    assert messages_of(done) == ["Assigned 2 conversations. Undo"]
    assert messages_of(run_action(client, "snooze_selected", row, confirmed=1, hours="24")) == [
        "Snoozed 1 conversation. Undo"
    ]
    assert messages_of(run_action(client, "mark_as_read", row, other)) == [
        "Marked as read: 1 conversation. 1 conversation unchanged."
    ]
    listed = client.get(LIST, {"assignee": "me", "snoozed": "false"}).content.decode()
    assert other.sender_name in listed
    assert row.sender_name not in listed
    assert "Snoozed until" in client.get(LIST, {"snoozed": "true"}).content.decode()


def test_mentions_and_notes_are_filters(page, row, staff):
    client = staff("tagger")
    ConversationFactory(page=page, sender_name="Somebody else")
    post(client, row, "notes", text=f"@{client.user.username}?")
    for query in ({"mentioned": "me"}, {"note": "true"}):
        listed = client.get(LIST, query).content.decode()
        assert row.sender_name in listed
        assert "Somebody else" not in listed
