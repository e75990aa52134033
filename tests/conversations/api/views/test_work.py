"""Read marks, assignees, snoozes and notes over REST: one conversation and many, with undo."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from conversations.actions import bulk_operations, operation_texts
from conversations.models import AuditEntry, BulkOperation, Conversation, InteractionEvent
from conversations.privacy.forget_person import delete_person
from conversations.search.index.message_index import index_pending
from conversations.sync.load.states.snoozes import end_due_snoozes
from tests.factories import NOON, ConversationFactory, EventFactory, api, member

pytestmark = pytest.mark.django_db
LIST = "/api/conversations"
TOMORROW = (timezone.now() + timedelta(days=1)).replace(microsecond=0)


@pytest.fixture
def row(page):
    return ConversationFactory(page=page, unread_count=3, graph_unread_count=3)


@pytest.fixture
def tagger(page):
    return member(page, "tagger")


@pytest.fixture
def client(tagger):
    return api(tagger)


def send(client, method: str, address: str, body: dict) -> tuple[int, dict]:
    answer = getattr(client, method)(address, body, format="json")
    return answer.status_code, answer.json() if answer.content else {}


def ids(client, **parameters) -> list[int]:
    listed = client.get(LIST, parameters).json()
    assert listed["pagination"]["total"] == len(listed["conversations"])
    return [found["id"] for found in listed["conversations"]]


def events(row, *kinds: str) -> list[dict]:
    found = InteractionEvent.objects.filter(conversation=row, kind__in=kinds).order_by("pk")
    return [{"kind": event.kind, **event.data} for event in found]


def undo(client, act: str) -> dict:
    code, body = send(client, "post", f"/api/acts/{act}/undo", {})
    assert code == 200
    return body


# -- read and unread
def test_marks_change_the_count_of_ours_alone(client, row):
    code, body = send(client, "post", f"{LIST}/{row.pk}/read", {})
    assert (code, body["conversation"]["unread_count"], list(body)) == (200, 0, ["conversation"])
    assert ids(client, unread="true") == []
    code, body = send(client, "post", f"{LIST}/{row.pk}/unread", {})
    assert (code, body["conversation"]["unread_count"]) == (200, 1)
    assert ids(client, unread="true") == [row.pk]
    row.refresh_from_db()
    assert row.graph_unread_count == 3
    assert not row.events.exists()


def test_many_are_marked_at_once_without_an_act(client, page, row):
    other = ConversationFactory(page=page)
    body = {"conversationIds": [row.pk, other.pk], "read": False}
    assert send(client, "post", f"{LIST}/bulk-read", {**body, "dry_run": True})[1]["changed"] == 2
    code, answer = send(client, "post", f"{LIST}/bulk-read", body)
    assert (code, answer["matched"], answer["changed"], answer["act"]) == (200, 2, 2, None)
    code, answer = send(client, "post", f"{LIST}/bulk-read", {"filter": {"unread": "true"}})
    assert (answer["message"], answer["changed"]) == ("Marked as read: 2 conversations.", 2)
    assert client.get("/api/acts/own").json() == {"acts": []}
    assert AuditEntry.objects.filter(action="bulk_changed").count() == 2


# -- assignees
def test_a_conversation_is_assigned_and_that_is_undone(client, page, row, tagger):
    ben = member(page, "manager")
    code, body = send(client, "put", f"{LIST}/{row.pk}/assignee", {"userId": ben.pk})
    assert (code, body["conversation"]["assignee"]) == (200, {"id": ben.pk, "name": ben.username})
    [event] = events(row, "assignee_changed")
    assert (event["from"], event["to"], event["to_name"], event["act"]) == (
        None,
        ben.pk,
        ben.username,
        body["act"],
    )
    assert send(client, "put", f"{LIST}/{row.pk}/assignee", {"userId": ben.pk})[1]["act"] is None
    assert ids(client, assignee=str(ben.pk)) == ids(api(ben), assignee="me") == [row.pk]
    assert ids(client, assignee="me") == ids(client, assignee="none") == []
    assert undo(client, body["act"])["changed"] == 1
    assert ids(client, assignee="none") == [row.pk]


@pytest.mark.parametrize("role", ["viewer", "", "inactive", "unknown", "huge"])
def test_only_taggers_of_the_page_can_be_assigned(client, page, row, role):
    user = member(page, "viewer" if role == "viewer" else "tagger")
    if role == "":
        user.page_memberships.all().delete()
    elif role == "inactive":
        type(user).objects.filter(pk=user.pk).update(is_active=False)
    number = {"unknown": 999_999, "huge": 10**30}.get(role, user.pk)
    code, body = send(client, "put", f"{LIST}/{row.pk}/assignee", {"userId": number})
    assert (code, body["field"]) == (400, "userId")
    body = {"conversationIds": [row.pk], "userId": number}
    assert send(client, "post", f"{LIST}/bulk-assign", body)[0] == 400
    assert not row.events.exists()


def test_many_are_assigned_and_undone_except_what_changed_since(client, page, row, tagger):
    other, ben = ConversationFactory(page=page), member(page, "tagger")
    body = {"filter": {"assignee": "none"}, "userId": tagger.pk}
    code, answer = send(client, "post", f"{LIST}/bulk-assign", body)
    assert (code, answer["message"]) == (200, "Assigned 2 conversations.")
    assert sorted(ids(client, assignee="me")) == sorted([row.pk, other.pk])
    send(client, "put", f"{LIST}/{other.pk}/assignee", {"userId": ben.pk})
    [own] = client.get("/api/acts/own").json()["acts"]
    assert own["message"] == f"Assigned 2 conversations: {tagger.username}"
    assert undo(client, answer["act"])["changed"] == 1
    assert ids(client, assignee="none") == [row.pk]


def test_the_conversations_of_a_deleted_user_are_unassigned(client, page, row):
    ben = member(page, "tagger")
    act = send(client, "put", f"{LIST}/{row.pk}/assignee", {"userId": ben.pk})[1]["act"]
    send(client, "put", f"{LIST}/{row.pk}/assignee", {"userId": None})
    ben.delete()
    assert ids(client, assignee="none") == [row.pk]
    assert undo(client, act)["changed"] == 0


# -- snooze
def test_a_conversation_is_snoozed_until_its_time(client, row):
    code, body = send(client, "patch", f"{LIST}/{row.pk}", {"snoozed_until": TOMORROW.isoformat()})
    assert code == 200
    assert body["conversation"]["snoozed_until"] == f"{TOMORROW:%Y-%m-%dT%H:%M:%SZ}"
    assert ids(client, snoozed="true") == ids(client, status="active") == [row.pk]
    assert ids(client, status="active", snoozed="false") == []
    assert end_due_snoozes() == 0
    Conversation.objects.update(snoozed_until=NOON)
    assert end_due_snoozes() == 1
    assert [event["kind"] for event in events(row, "snoozed", "snooze_ended")] == ["snoozed", "snooze_ended"]
    assert events(row, "snooze_ended") == [
        {"kind": "snooze_ended", "until": "2024-05-17T12:00:00Z", "reason": "time"}
    ]
    assert undo(client, body["act"])["changed"] == 0  # it has ended since


def test_a_snooze_is_ended_and_that_is_undone(client, row):
    later = TOMORROW + timedelta(days=1)
    acts = [
        send(client, "patch", f"{LIST}/{row.pk}", {"snoozed_until": value})[1]["act"]
        for value in (TOMORROW.isoformat(), later.isoformat(), None)
    ]
    assert ids(client, snoozed="false") == [row.pk]
    assert undo(client, acts[1])["changed"] == 0  # somebody has changed it since
    assert undo(client, acts[2])["changed"] == 1
    row.refresh_from_db()
    assert row.snoozed_until == later


@pytest.mark.parametrize("value", ["2024-05-17T12:00:00Z", "tomorrow", 5, ""])
def test_a_time_that_has_passed_or_is_none_is_refused(client, row, value):
    code, body = send(client, "patch", f"{LIST}/{row.pk}", {"snoozed_until": value})
    assert (code, body["field"]) == (400, "snoozed_until")


def test_what_is_done_is_not_snoozed(client, row):
    send(client, "patch", f"{LIST}/{row.pk}", {"snoozed_until": TOMORROW.isoformat()})
    code, body = send(client, "patch", f"{LIST}/{row.pk}", {"conversation_status": "done"})
    assert (code, body["conversation"]["snoozed_until"]) == (200, None)
    assert events(row, "snooze_ended")[0]["act"] == body["act"]
    code, _ = send(client, "patch", f"{LIST}/{row.pk}", {"snoozed_until": TOMORROW.isoformat()})
    assert code == 400
    undo(client, body["act"])
    row.refresh_from_db()
    assert (row.conversation_status, row.snoozed_until) == ("active", TOMORROW)
    both = {"conversation_status": "done", "snoozed_until": TOMORROW.isoformat()}
    assert send(client, "patch", f"{LIST}/{row.pk}", both)[0] == 400


def test_many_are_snoozed_and_undone(client, page, row):
    ConversationFactory(page=page, conversation_status="done")
    body = {"filter": {}, "snoozed_until": TOMORROW.isoformat()}
    assert send(client, "post", f"{LIST}/bulk-snooze", {**body, "dry_run": True})[1]["changed"] == 1
    answer = send(client, "post", f"{LIST}/bulk-snooze", body)[1]
    assert (answer["matched"], answer["changed"]) == (2, 1)
    assert ids(client, snoozed="true") == [row.pk]
    assert undo(client, answer["act"])["changed"] == 1
    assert ids(client, snoozed="true") == []


# -- very many
@pytest.mark.parametrize(
    ("route", "more", "parameters"),
    [
        ("bulk-read", {}, {"unread": "false"}),
        ("bulk-assign", {"userId": "me"}, {"assignee": "me"}),
        ("bulk-snooze", {"snoozed_until": TOMORROW.isoformat()}, {"snoozed": "true"}),
    ],
)
def test_very_many_are_changed_in_slices(client, page, row, tagger, route, more, parameters, monkeypatch):
    monkeypatch.setattr(bulk_operations, "MAX_AT_ONCE", 2)
    ConversationFactory.create_batch(4, page=page, unread_count=1)
    more = {name: tagger.pk if value == "me" else value for name, value in more.items()}
    code, body = send(client, "post", f"{LIST}/{route}", {"filter": {}, **more})
    assert (code, body["state"]) == (202, "queued")
    bulk_operations.work()
    operation = BulkOperation.objects.get()
    assert (operation.state, operation.changed) == ("complete", 5), operation.error
    assert len(ids(client, **parameters)) == 5
    assert "5 conversations" in operation_texts.describe(operation)
    own = client.get("/api/acts/own").json()["acts"]
    assert len(own) == (0 if route == "bulk-read" else 1)


# -- notes
def test_a_note_is_written_found_changed_and_deleted(client, page, row, tagger):
    ben = member(page)
    text = f"Ask @{ben.username.upper()}, mail to a@{tagger.username} or @nobody. Zanzibar?"
    code, body = send(client, "post", f"{LIST}/{row.pk}/notes", {"text": text})
    event = body["event"]
    assert (code, event["kind"], event["text"], event["actor"]) == (201, "note_added", text, tagger.username)
    assert event["data"] == {"mentions": [{"id": ben.pk, "name": ben.username}]}
    assert ids(api(ben), mentioned="me") == ids(client, has_note="true") == [row.pk]
    assert ids(client, mentioned="me") == ids(client, has_note="false") == []
    assert ids(client, search="zanzibar", search_in="messages") == [row.pk]
    address = f"{LIST}/{row.pk}/notes/{event['id']}"
    code, body = send(client, "patch", address, {"text": "Pemba"})
    assert (code, body["event"]["text"], body["event"]["data"]["mentions"]) == (200, "Pemba", [])
    assert ids(client, search="zanzibar", search_in="messages") == []
    assert ids(client, search="pemba", search_in="messages") == [row.pk]
    for what, number in (("timeline", 1), ("notes", 1), ("history", 1), ("messages", 0)):
        found = client.get(f"{LIST}/{row.pk}/events", {"what": what}).json()["events"]
        assert len(found) == number
    assert send(client, "delete", address, {}) == (204, {})
    assert send(client, "delete", address, {})[0] == 404
    index_pending(seconds=60)
    assert ids(client, search="pemba", search_in="messages") == []


def test_only_the_author_and_managers_change_a_note(client, page, row):
    _, body = send(client, "post", f"{LIST}/{row.pk}/notes", {"text": "Mine"})
    address = f"{LIST}/{row.pk}/notes/{body['event']['id']}"
    for role, expected in (("viewer", 403), ("tagger", 403), ("manager", 200)):
        assert send(api(member(page, role)), "patch", address, {"text": role})[0] == expected
    message = EventFactory(conversation=row)
    assert send(client, "delete", f"{LIST}/{row.pk}/notes/{message.pk}", {})[0] == 404
    assert send(client, "delete", f"{LIST}/{row.pk}/notes/{10**30}", {})[0] == 404


@pytest.mark.parametrize("text", ["", "  ", "a" * 5001, None])
def test_a_note_needs_a_text_of_some_length(client, row, text):
    code, body = send(client, "post", f"{LIST}/{row.pk}/notes", {"text": text})
    assert (code, body["field"]) == (400, "text")


def test_notes_are_deleted_with_the_person(client, row, tagger):
    send(client, "post", f"{LIST}/{row.pk}/notes", {"text": f"@{tagger.username} red boat"})
    counts = delete_person(row, actor=None)
    assert counts
    assert counts.history == 1
    assert ids(client, mentioned="me") == []
    assert not InteractionEvent.objects.filter(kind="note_added").exists()


def test_a_note_is_no_message(client, row):
    before = client.get(f"{LIST}/{row.pk}").json()["conversation"]
    send(client, "post", f"{LIST}/{row.pk}/notes", {"text": "Not for customers"})
    after = client.get(f"{LIST}/{row.pk}").json()["conversation"]
    assert after == before
    exported = client.get(f"{LIST}/export", {"what": "messages", "format": "ndjson"})
    assert b"Not for customers" not in b"".join(exported.streaming_content)


# -- filters, words, people
WORDS = {
    "assignee:me is:snoozed": {"assignee": "me", "snoozed": "true"},
    "assignee:none -is:snoozed": {"assignee": "none", "snoozed": "false"},
    "assignee:12 mentioned:me": {"assignee": "12", "mentioned": "me"},
    "has:note": {"has_note": "true"},
    "-has:note is:unread": {"has_note": "false", "unread": "true"},
}


@pytest.mark.parametrize("words", WORDS)
def test_typed_words_stand_for_the_parameters(client, words):
    assert client.get("/api/filter", {"q": words}).json() == {"filter": WORDS[words]}


@pytest.mark.parametrize("words", ["assignee:ann", "-assignee:me", "mentioned:none", "assignee:0"])
def test_wrong_words_are_named(client, words):
    assert words in client.get("/api/filter", {"q": words}).json()["error"]


@pytest.mark.parametrize(
    "query", [{"assignee": "ann"}, {"assignee": "0"}, {"mentioned": "none"}, {"snoozed": "later"}]
)
def test_wrong_values_are_named(client, query):
    assert client.get(LIST, query).json()["field"] == next(iter(query))


def test_me_in_a_shared_view_is_its_reader(client, page, row, tagger):
    body = {"name": "Mine", "query": {"assignee": "me"}, "shared": True}
    body["facebookPageId"] = page.facebook_page_id
    view = send(client, "post", "/api/views", body)[1]["view"]
    ben = member(page, "tagger")
    send(client, "put", f"{LIST}/{row.pk}/assignee", {"userId": ben.pk})
    assert client.get(view["address"]).json()["conversations"] == []
    assert [found["id"] for found in api(ben).get(view["address"]).json()["conversations"]] == [row.pk]


def test_taggers_see_who_works_on_the_page(client, page, tagger):
    viewer = member(page)
    member(page, "manager")
    colleagues = client.get(f"/api/pages/{page.pk}/colleagues").json()["colleagues"]
    assert {each["role"] for each in colleagues} == {"viewer", "tagger", "manager"}
    assert {"id": tagger.pk, "name": tagger.username, "role": "tagger"} in colleagues
    assert api(viewer).get(f"/api/pages/{page.pk}/colleagues").status_code == 403


def test_exports_have_assignee_and_snooze(client, row, tagger):
    Conversation.objects.update(assignee=tagger, snoozed_until=datetime(2031, 1, 1, tzinfo=UTC))
    lines = b"".join(client.get(f"{LIST}/export").streaming_content).decode().splitlines()
    assert lines[0].endswith("assignee,snoozed_until")
    assert lines[1].endswith(f"{tagger.username},2031-01-01T00:00:00Z")
