"""Answering over REST: routes, fields, status codes."""

import uuid
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from conversations.models import AuditEntry, OutgoingMessage
from conversations.sending import outbox
from conversations.sending.attempts import begin, take
from conversations.sending.sent_events import record_sent
from tests.factories import (
    ConversationFactory,
    EventFactory,
    OutgoingMessageFactory,
    PageFactory,
    api,
    member,
)

pytestmark = pytest.mark.django_db
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 100


@pytest.fixture
def conversation():
    conversation = ConversationFactory(platform="messenger")
    EventFactory(conversation=conversation, occurred_at=timezone.now() - timedelta(hours=1))
    return conversation


@pytest.fixture
def agent(conversation):
    return member(conversation.page, "agent")


@pytest.fixture
def post(conversation, agent):
    client = api(agent)

    def send(body: dict | None = None, **fields):
        body = {"text": "Yes, it is.", "clientId": str(uuid.uuid4())} | (body or {}) | fields
        body = {name: value for name, value in body.items() if value is not None}
        return client.post(f"/api/conversations/{conversation.pk}/messages", body, format="json")

    return send


def test_message_is_queued_for_five_seconds(post, conversation, agent):
    client_id = str(uuid.uuid4())
    answer = post(clientId=client_id)
    assert answer.status_code == 202
    message = answer.json()["message"]
    assert message["clientId"] == client_id
    assert (message["state"], message["reason"], message["event"]) == ("queued", None, None)
    assert (message["text"], message["author"]["id"]) == ("Yes, it is.", agent.pk)
    row = OutgoingMessage.objects.get()
    assert timedelta(seconds=4) < row.due_at - row.created_at < timedelta(seconds=6)
    entry = AuditEntry.objects.get(action="message_written")
    assert (entry.actor_id, entry.target_id, entry.details) == (
        agent.pk,
        str(conversation.pk),
        {"message": row.pk},
    )


def test_message_leaves_at_once_if_the_user_wants_that(post):
    post(now=True)
    row = OutgoingMessage.objects.get()
    assert row.due_at <= timezone.now()


def test_same_client_id_is_the_same_message(post):
    body = {"clientId": str(uuid.uuid4())}
    first, again = post(body), post(body)
    assert (first.status_code, again.status_code) == (202, 200)
    assert first.json() == again.json()
    other = post(body, text="Something else")
    assert other.status_code == 409
    assert OutgoingMessage.objects.count() == 1


def test_client_id_of_another_user_is_another_message(post, conversation):
    body = {"text": "Yes", "clientId": str(uuid.uuid4())}
    assert post(body).status_code == 202
    client = api(member(conversation.page, "agent"))
    url = f"/api/conversations/{conversation.pk}/messages"
    assert client.post(url, body, format="json").status_code == 202


def test_known_message_is_told_whatever_has_happened_since(post, settings):
    body = {"clientId": str(uuid.uuid4())}
    post(body)
    settings.SENDING = False
    assert post(body).status_code == 200


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"text": None}, "text"),
        ({"text": "  "}, "text"),
        ({"text": "x" * 2001}, "text"),
        ({"clientId": None}, "clientId"),
        ({"clientId": "1"}, "clientId"),
        ({"attachment": {"event": 1, "index": 0}}, "attachment"),
        ({"replyTo": 10**12}, "replyTo"),
        ({"now": "soon"}, "now"),
        ({"to": "everybody"}, "to"),
    ],
)
def test_bad_bodies_name_the_field(post, fields, field):
    answer = post(fields)
    assert answer.status_code == 400
    assert answer.json().get("field") == field
    assert not OutgoingMessage.objects.exists()


def test_length_is_counted_in_characters_or_on_instagram_in_bytes(post, conversation):
    assert post(text="ü" * 2000).status_code == 202
    assert post(text="👍" * 2000).status_code == 202
    conversation.platform = "instagram"
    conversation.save()
    assert post(text="ü" * 500).status_code == 202
    assert post(text="ü" * 501).status_code == 400


def test_window(post, conversation, settings):
    event = conversation.events.get()
    event.occurred_at = timezone.now() - timedelta(hours=23, minutes=59, seconds=30)
    event.save()
    answer = post()
    assert answer.status_code == 409
    assert (
        answer.json()["closedAt"]
        == f"{event.occurred_at + timedelta(hours=23, minutes=59):%Y-%m-%dT%H:%M:%S.%fZ}"
    )
    settings.FACEBOOK_HUMAN_AGENT = True
    assert post().status_code == 202


def test_customer_of_whom_nothing_is_stored_may_be_written_to(post, conversation):
    conversation.events.all().delete()
    assert post().status_code == 202


def test_what_forbids_sending(post, conversation, settings):
    page = conversation.page
    page.permissions = ["pages_manage_metadata"]
    page.save()
    answer = post()
    assert (answer.status_code, "pages_messaging" in answer.json()["error"]) == (409, True)
    page.permissions = None
    page.set_reconnect("The token has expired.")
    page.save()
    answer = post()
    assert (answer.status_code, "expired" in answer.json()["error"]) == (409, True)
    page.mark_connected()
    page.save()
    settings.SENDING = False
    assert post().status_code == 503
    settings.SENDING = True
    assert post().status_code == 202


def test_one_user_cannot_send_in_bulk(post, monkeypatch):
    monkeypatch.setattr(outbox, "MAX_PER_MINUTE", 2)
    codes = [post().status_code for _ in range(3)]
    assert codes == [202, 202, 429]


def test_one_conversation_does_not_fill_up(post, monkeypatch):
    monkeypatch.setattr(outbox, "MAX_WAITING", 2)
    assert [post().status_code for _ in range(3)] == [202, 202, 409]


@pytest.mark.parametrize("role", ["viewer", "tagger"])
def test_only_agents_answer(conversation, role):
    client = api(member(conversation.page, role))
    body = {"text": "Yes", "clientId": str(uuid.uuid4())}
    url = f"/api/conversations/{conversation.pk}/messages"
    assert client.post(url, body, format="json").status_code == 403
    assert client.get(url).json() == {"messages": []}
    message = OutgoingMessageFactory(conversation=conversation)
    assert client.get(f"/api/messages/{message.pk}").status_code == 200
    for act in ("cancel", "retry", "discard"):
        assert client.post(f"/api/messages/{message.pk}/{act}").status_code == 403


def test_other_page_is_not_there(conversation):
    client = api(member(PageFactory(), "agent"))
    message = OutgoingMessageFactory(conversation=conversation)
    for address in (f"/api/conversations/{conversation.pk}/messages", f"/api/messages/{message.pk}"):
        assert client.get(address).status_code == 404
    assert client.post(f"/api/messages/{message.pk}/cancel").status_code == 404
    assert client.get(f"/api/messages/{10**30}").status_code == 404


# -- quotes and files --------------------------------------------------------------------------------------
def test_quote_is_a_message_of_the_conversation(post, conversation):
    event = conversation.events.get()
    assert post(replyTo=event.pk).status_code == 202
    assert OutgoingMessage.objects.get().reply_to == event.graph_id
    elsewhere = EventFactory(conversation__page=conversation.page)
    note = EventFactory(conversation=conversation, kind="note_added", graph_id=None)
    for other in (elsewhere, note):
        assert post(replyTo=other.pk).json()["field"] == "replyTo"


def form(name: str, content: bytes, **fields) -> dict:
    return {"file": SimpleUploadedFile(name, content), "clientId": str(uuid.uuid4()), **fields}


@pytest.fixture
def post_form(conversation, agent):
    client = api(agent)
    return lambda body: client.post(
        f"/api/conversations/{conversation.pk}/messages", body, format="multipart"
    )


def test_file_comes_as_a_form(post_form):
    body = form("C:\\pictures\\boat.png", PNG, now="true")
    answer = post_form(body)
    assert answer.status_code == 202
    assert answer.json()["message"]["attachment"] == {
        "kind": "image",
        "name": "boat.png",
        "type": "image/png",
        "size": len(PNG),
    }
    again = post_form(form("boat.png", PNG, clientId=body["clientId"]))
    assert again.status_code == 200
    other = post_form(form("boat.png", PNG + b"1", clientId=body["clientId"]))
    assert other.status_code == 409


@pytest.mark.parametrize(
    ("name", "content", "platform", "expected"),
    [
        ("a.pdf", b"%PDF-1.7", "instagram", 202),
        ("a.docx", b"PK\x03\x04", "messenger", 202),
        ("a.docx", b"PK\x03\x04", "instagram", 400),
        ("a.png", b"MZ\x90\x00", "messenger", 400),
        ("setup.exe", b"MZ\x90\x00", "messenger", 400),
        ("a.png", b"", "messenger", 400),
        ("a.png", PNG + b"0" * 8 * 2**20, "instagram", 400),
        ("a.png", PNG + b"0" * 8 * 2**20, "messenger", 202),
    ],
)
def test_files_that_facebook_refuses(post_form, conversation, name, content, platform, expected):
    conversation.platform = platform
    conversation.save()
    answer = post_form(form(name, content))
    assert answer.status_code == expected, answer.json()
    if expected == 400:
        assert answer.json()["field"] == "file"


def test_text_and_file_are_two_messages(post_form):
    assert post_form(form("a.png", PNG, text="Look")).status_code == 400


# -- what becomes of it ------------------------------------------------------------------------------------
def test_list_has_what_is_not_sent_newest_first(conversation, agent):
    rows = {
        state: OutgoingMessageFactory(conversation=conversation, state=state)
        for state in ("queued", "sending", "sent", "uncertain", "failed", "cancelled")
    }
    client, url = api(agent), f"/api/conversations/{conversation.pk}/messages"

    def listed(query: str = "") -> list[str]:
        return [message["state"] for message in client.get(url + query).json()["messages"]]

    assert listed() == ["failed", "uncertain", "sending", "queued"]
    assert listed("?state=all") == list(reversed(rows))
    assert listed("?state=sent,cancelled") == ["cancelled", "sent"]
    assert client.get(f"{url}?state=lost").json()["field"] == "state"


def test_event_is_told_when_facebook_has_the_message(post, agent, conversation):
    post(now=True)
    message = take(1)
    assert begin(message, 1)
    record_sent(message, "m_1")
    told = api(agent).get(f"/api/messages/{message.pk}").json()["message"]
    event = conversation.events.get(graph_id="m_1")
    assert (told["state"], told["event"]) == ("sent", event.pk)
    events = api(agent).get(f"/api/conversations/{conversation.pk}/events").json()["events"]
    assert (events[0]["id"], events[0]["actor"]) == (event.pk, agent.username)


@pytest.mark.parametrize(
    ("act", "allowed", "after"),
    [
        ("cancel", {"queued"}, "cancelled"),
        ("retry", {"failed", "uncertain"}, "queued"),
        ("discard", {"failed", "uncertain"}, "cancelled"),
    ],
)
def test_decisions(conversation, agent, act, allowed, after):
    client = api(agent)
    for state in OutgoingMessage.State.values:
        message = OutgoingMessageFactory(conversation=conversation, state=state)
        answer = client.post(f"/api/messages/{message.pk}/{act}")
        assert answer.status_code == (200 if state in allowed else 409), state
        message.refresh_from_db()
        assert message.state == (after if state in allowed else state)
        if state in allowed:
            assert answer.json()["message"]["state"] == after


def test_retry_needs_what_sending_needs(conversation, agent, settings):
    message = OutgoingMessageFactory(conversation=conversation, state="failed")
    conversation.events.update(occurred_at=timezone.now() - timedelta(days=2))
    answer = api(agent).post(f"/api/messages/{message.pk}/retry")
    assert (answer.status_code, "closedAt" in answer.json()) == (409, True)
    settings.SENDING = False
    assert api(agent).post(f"/api/messages/{message.pk}/retry").status_code == 503


# -- the window --------------------------------------------------------------------------------------------
def reply_of(conversation, user) -> dict:
    return api(user).get(f"/api/conversations/{conversation.pk}").json()["conversation"]["reply"]


def test_conversation_says_until_when_it_can_be_answered(conversation, agent, settings):
    event = conversation.events.get()
    reply = reply_of(conversation, agent)
    until = event.occurred_at + timedelta(hours=23, minutes=59)
    assert (reply["state"], reply["until"]) == ("open", f"{until:%Y-%m-%dT%H:%M:%S.%fZ}")
    event.occurred_at -= timedelta(days=1)
    event.save()
    assert reply_of(conversation, agent)["state"] == "closed"
    settings.FACEBOOK_HUMAN_AGENT = True
    assert reply_of(conversation, agent)["state"] == "human_agent"
    event.occurred_at -= timedelta(days=7)
    event.save()
    assert reply_of(conversation, agent)["state"] == "closed"
    event.delete()
    assert reply_of(conversation, agent) == {"state": "unknown", "until": None}


def test_taps_reactions_and_referrals_open_the_window_answers_do_not(conversation, agent):
    conversation.events.update(occurred_at=timezone.now() - timedelta(days=3))
    EventFactory(conversation=conversation, kind="message_sent", occurred_at=timezone.now())
    assert reply_of(conversation, agent)["state"] == "closed"
    EventFactory(
        conversation=conversation,
        kind="message_sent",
        occurred_at=timezone.now() - timedelta(days=2),
        data={
            "reactions": [{"actor": "customer", "reaction": "love", "emoji": ""}],
            "reacted_at": {"customer": timezone.now().isoformat()},
        },
    )
    assert reply_of(conversation, agent)["state"] == "open"
    conversation.events.filter(data__has_key="reactions").delete()
    assert reply_of(conversation, agent)["state"] == "closed"
    conversation.referred_at = timezone.now()
    conversation.save()
    assert reply_of(conversation, agent)["state"] == "open"


def test_unknown_times_open_no_window(conversation, agent):
    conversation.events.update(data={"time": "unknown"})
    assert reply_of(conversation, agent)["state"] == "unknown"
