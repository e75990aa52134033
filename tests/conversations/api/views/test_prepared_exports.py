"""Files that a worker prepares: complete, their owner's alone, bounded, and gone with who is in them."""

import json

import pytest
from django.db import connection
from django.utils import timezone

from conversations.exports import file_formats, prepared
from conversations.exports.prepared import work, work_on_next
from conversations.models import Conversation, Export, ExportPart, PageMember
from conversations.models.audit import AuditEntry
from conversations.privacy.erase_page import start_erasure
from conversations.privacy.forget_person import delete_person
from conversations.tasks import delete_expired
from tests.factories import (
    ConversationFactory,
    EventFactory,
    ExportFactory,
    PageFactory,
    api,
    member,
    superuser,
)
from tests.parquet_files import NEEDS_PYARROW, row_groups_of, table_of

EXPORTS = "/api/exports"


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Files of more than two conversations are prepared, two conversations in each part."""
    monkeypatch.setitem(prepared.SMALL, "conversations", (2, 1000))
    monkeypatch.setitem(prepared.SMALL, "messages", (2, 1000))
    monkeypatch.setattr(file_formats, "AT_ONCE", dict.fromkeys(file_formats.AT_ONCE, 2))
    monkeypatch.setattr(prepared, "AT_ONCE", file_formats.AT_ONCE)
    monkeypatch.setattr(file_formats, "PARQUET_BATCHES", 1)


@pytest.fixture
def page(db):
    return PageFactory(name="Demo Shop")


@pytest.fixture
def user(page):
    return member(page)


@pytest.fixture
def viewer(user):
    return api(user)


@pytest.fixture
def rows(page):
    rows = ConversationFactory.create_batch(5, page=page)
    for row in rows:
        EventFactory.create_batch(2, conversation=row)
    return rows


def request_export(client, **body) -> dict:
    selection: dict = {} if "conversationIds" in body else {"filter": {}}
    answer = client.post(EXPORTS, selection | body, format="json")
    assert answer.status_code == 202, answer.content
    assert answer["Location"] == f"{EXPORTS}/{answer.json()['export']['id']}"
    return answer.json()["export"]


def state_of(client, export: dict) -> dict:
    return client.get(f"{EXPORTS}/{export['id']}").json()["export"]


def download(client, url: str) -> str:
    return download_bytes(client, url).decode()


def download_bytes(client, url: str) -> bytes:
    answer = client.get(url)
    assert answer.status_code == 200, answer.content
    body = b"".join(answer.streaming_content)
    assert int(answer.get("Content-Length", len(body))) == len(body)
    return body


@pytest.mark.parametrize("what", ["conversations", "messages"])
@pytest.mark.parametrize("kind", ["csv", "ndjson"])
def test_prepared_file_is_the_one_that_is_sent_at_once(viewer, rows, what, kind):
    export = request_export(viewer, what=what, format=kind)
    assert (export["state"], export["url"]) == ("queued", None)
    work()
    done = state_of(viewer, export)
    assert (done["state"], done["total"], done["processed"]) == ("complete", 5, 5)
    assert "5 conversations" in done["message"]
    sent = viewer.get("/api/conversations/export", {"what": what, "format": kind})
    assert download(viewer, done["url"]) == b"".join(sent.streaming_content).decode()
    assert done["size"] == len(download(viewer, done["url"]).encode())
    assert [row["id"] for row in viewer.get(EXPORTS).json()["exports"]] == [export["id"]]


@NEEDS_PYARROW
@pytest.mark.parametrize("what", ["conversations", "messages"])
@pytest.mark.parametrize("batches", [1, 2])
def test_prepared_parquet_has_the_rows_that_are_sent_at_once(viewer, rows, what, batches, monkeypatch):
    monkeypatch.setattr(file_formats, "PARQUET_BATCHES", batches)
    export = request_export(viewer, what=what, format="parquet")
    work()
    content = download_bytes(viewer, state_of(viewer, export)["url"])
    sent = viewer.get("/api/conversations/export", {"what": what, "format": "parquet"})
    expected = table_of(b"".join(sent.streaming_content))
    assert table_of(content).equals(expected)
    assert expected.num_rows == (5 if what == "conversations" else 10)
    # One group for each part; two or four conversations are one.
    assert row_groups_of(content) == {1: 3, 2: 2}[batches]
    assert content.count(b"PAR1") == 2, "at the beginning and the end alone"


@NEEDS_PYARROW
def test_prepared_parquet_of_nothing_is_a_file(user, viewer, page):
    ExportFactory(actor=user, page_ids=[page.pk], format="parquet", state="queued", ended_at=None)
    work()
    [export] = viewer.get(EXPORTS).json()["exports"]
    content = download_bytes(viewer, export["url"])
    assert table_of(content).num_rows == 0


def test_small_file_needs_no_preparation(viewer, rows):
    body = {"what": "messages", "filter": {"search": rows[0].sender_name}}
    answer = viewer.post(EXPORTS, body, format="json")
    export = answer.json()["export"]
    assert (answer.status_code, export["id"], export["state"]) == (200, None, "complete")
    assert download(viewer, export["url"]).count("\n") == 3
    chosen = viewer.post(EXPORTS, {"conversationIds": [rows[1].pk]}, format="json").json()["export"]
    assert download(viewer, chosen["url"]).count("\n") == 2
    assert not Export.objects.exists()


def test_few_conversations_with_many_messages_are_prepared(viewer, rows):
    Conversation.objects.filter(pk=rows[0].pk).update(message_count=100_000)
    answer = viewer.post(EXPORTS, {"what": "messages", "conversationIds": [rows[0].pk]}, format="json")
    assert answer.status_code == 202


@pytest.mark.django_db(transaction=True)
def test_what_is_searched_for_long_is_prepared(monkeypatch):
    monkeypatch.setattr(prepared, "SIZE_SECONDS", 0.05)
    client, other = api(member(ConversationFactory().page)), connection.copy()
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:  # a lock makes the query wait
            cursor.execute("LOCK TABLE conversations_conversation IN ACCESS EXCLUSIVE MODE")
        request_export(client, filter={"search": "anna"})
    finally:
        other.close()


def test_conversations_that_move_meanwhile_are_in_the_file_once(viewer, rows):
    export = request_export(viewer, format="ndjson")
    work_on_next()  # the choice
    work_on_next()  # the first part
    assert "2 of 5 conversations written" in state_of(viewer, export)["message"]
    now = timezone.now()
    Conversation.objects.filter(pk=rows[0].pk).update(last_message_time=now, last_message="just now")
    ConversationFactory(page=rows[0].page, last_message_time=now)
    work()
    found = [json.loads(line) for line in download(viewer, state_of(viewer, export)["url"]).splitlines()]
    assert [row["id"] for row in found] == [row.pk for row in reversed(rows)]
    assert found[-1]["last_message"] == "just now"


def test_exports_take_turns(page, viewer, rows):
    first, second = request_export(viewer), request_export(api(member(page)))
    for _ in range(4):
        work_on_next()
    assert [Export.objects.get(pk=one["id"]).processed for one in (first, second)] == [2, 2]


# -- whose it is -------------------------------------------------------------------------------------------
def test_nobody_else_sees_the_export(page, viewer, rows):
    export = request_export(viewer)
    work()
    for other in (api(member(page, "manager")), api(superuser())):
        assert other.get(EXPORTS).json()["exports"] == []
        for route in (f"{EXPORTS}/{export['id']}", f"{EXPORTS}/{export['id']}/file"):
            assert other.get(route).status_code == 404
        assert other.delete(f"{EXPORTS}/{export['id']}").status_code == 404


def test_who_loses_the_role_cannot_download(user, viewer, rows):
    export = request_export(viewer)
    work()
    url = state_of(viewer, export)["url"]
    PageMember.objects.filter(user=user).delete()
    assert viewer.get(url).status_code == 404


def test_who_loses_the_role_meanwhile_gets_no_file(user, viewer, rows):
    export = request_export(viewer)
    work_on_next()
    PageMember.objects.filter(user=user).delete()
    work()
    done = state_of(viewer, export)
    assert (done["state"], done["url"]) == ("failed", None)
    assert "You do not see all Pages" in done["message"]


def test_other_pages_are_not_in_the_file(viewer, rows):
    foreign = ConversationFactory(sender_name="Foreign")
    export = request_export(viewer)
    work()
    assert "Foreign" not in download(viewer, state_of(viewer, export)["url"])
    body = {"conversationIds": [foreign.pk]}
    assert viewer.post(EXPORTS, body, format="json").status_code == 404
    body = {"filter": {"facebookPageId": foreign.page.facebook_page_id}}
    assert viewer.post(EXPORTS, body, format="json").status_code == 404


# -- bounds and errors -------------------------------------------------------------------------------------
def test_user_has_five_exports_at_most(viewer, rows):
    first, *_ = [request_export(viewer) for _ in range(prepared.MAX_OF_USER)]
    answer = viewer.post(EXPORTS, {"filter": {}}, format="json")
    assert (answer.status_code, "Delete one" in answer.json()["error"]) == (429, True)
    assert viewer.delete(f"{EXPORTS}/{first['id']}").status_code == 204
    request_export(viewer)


def test_file_that_grows_too_large_fails(viewer, rows, monkeypatch):
    monkeypatch.setattr(prepared, "MAX_BYTES", 10)
    export = request_export(viewer)
    work()
    assert "too large" in state_of(viewer, export)["message"]
    assert not ExportPart.objects.exists()


def test_all_files_together_have_a_bound(viewer, rows, monkeypatch):
    request_export(viewer)
    work()
    monkeypatch.setattr(prepared, "MAX_BYTES_IN_ALL", 10)
    assert viewer.post(EXPORTS, {"filter": {}}, format="json").status_code == 503


def test_files_expire(viewer, rows):
    export = request_export(viewer)
    work()
    delete_expired()
    assert state_of(viewer, export)["state"] == "complete"
    Export.objects.update(expires_at=timezone.now())
    delete_expired()
    assert viewer.get(f"{EXPORTS}/{export['id']}").status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"filter": {}, "format": "xls"}, "format"),
        ({"filter": {}, "what": "tags"}, "what"),
        ({"filter": {"status": "odd"}}, "status"),
        ({"filter": {"limit": 3}}, "filter"),
        ({}, "filter"),
        ({"filter": {}, "conversationIds": [1]}, "filter"),
    ],
)
def test_invalid_field_is_named(viewer, body, field):
    answer = viewer.post(EXPORTS, body, format="json")
    assert (answer.status_code, answer.json()["field"]) == (400, field)


def test_audit_log_has_requests_and_downloads(user, viewer, rows):
    export = request_export(viewer, what="messages", filter={"status": "active"})
    work()
    download(viewer, state_of(viewer, export)["url"])
    requested, downloaded = AuditEntry.objects.order_by("pk")
    assert (requested.action, requested.actor_id) == ("exported", user.pk)
    assert requested.details == {"what": "messages", "format": "csv", "filter": {"status": "active"}}
    assert (downloaded.action, downloaded.target_id) == ("export_downloaded", str(export["id"]))


def test_list_takes_two_queries(viewer, rows, django_assert_num_queries):
    for _ in range(3):
        request_export(viewer)
    with django_assert_num_queries(2):  # the key, and the exports
        viewer.get(EXPORTS)


# -- deleted people ----------------------------------------------------------------------------------------
def test_deleting_a_person_deletes_files_that_hold_them(page, viewer, rows):
    all_of_them = request_export(viewer)
    others = request_export(viewer, conversationIds=[row.pk for row in rows[1:]])
    work()
    unfinished = request_export(viewer, format="ndjson")
    work_on_next()  # only the choice
    delete_person(rows[0], actor=superuser())
    assert viewer.get(f"{EXPORTS}/{all_of_them['id']}").status_code == 404
    assert state_of(viewer, others)["state"] == "complete"
    work()
    found = download(viewer, state_of(viewer, unfinished)["url"])
    assert len(found.splitlines()) == 4
    assert rows[0].sender_name not in found


def test_deleting_a_person_deletes_files_with_a_conversation_that_was_joined(page, viewer, rows):
    request_export(viewer)
    work()
    kept = ConversationFactory(page=page)
    kept.removed_conversations.create(page=page, kind="joined", removed_id=rows[2].pk, sender_id="8")
    delete_person(kept, actor=superuser())
    assert not Export.objects.exists()


@pytest.mark.parametrize("again", [False, True], ids=["joined", "separated again"])
def test_deleting_a_person_deletes_files_that_have_them_under_another_conversation(page, viewer, rows, again):
    request_export(viewer, conversationIds=[row.pk for row in rows[:3]])
    work()
    person = ConversationFactory(page=page, sender_id="8")
    rows[1].removed_conversations.create(
        page=page, kind="joined", removed_id=10**9, sender_id="8", undone_at=timezone.now() if again else None
    )
    delete_person(person, actor=superuser())
    assert not Export.objects.exists()


@pytest.mark.parametrize("is_finished", [False, True])
def test_deleting_a_person_deletes_files_with_mixed_conversations(page, viewer, rows, is_finished):
    request_export(viewer, conversationIds=[row.pk for row in rows[:3]])
    work()
    if is_finished:
        page.removed_conversations.create(page=page, kind="separated", removed_id=rows[1].pk, sender_id="9")
    else:
        page.business_aliases = {rows[1].sender_id: {"source": "sender", "applied": True}}
        page.save()
    delete_person(ConversationFactory(page=page), actor=superuser())
    assert not Export.objects.exists()


def test_deleting_a_person_deletes_exports_whose_filter_names_them(viewer, rows):
    person = ConversationFactory(sender_name="Guinevere Blackwood")
    ExportFactory(selection={"filter": {"search": "guinevere"}})
    delete_person(person, actor=superuser())
    assert not Export.objects.exists()


def test_deleting_a_page_deletes_its_files(page, viewer, rows):
    request_export(viewer)
    work()
    start_erasure(page, keep_page=True, actor=superuser())
    assert not Export.objects.exists()
