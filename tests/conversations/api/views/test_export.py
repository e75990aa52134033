import asyncio
import csv
import io
import json
import sys

import pytest
from django.db import connection

from conversations.actions.tagging import tag_conversations
from conversations.api.file_stream import iterate_in_thread
from conversations.exports import conversation_lines, file_formats, message_lines
from conversations.exports import parquet as exports_parquet
from conversations.lib.attachment_kinds import AttachmentKind
from conversations.models.message_headers import MessageHeader
from conversations.search import results
from conversations.search.criteria import SearchCriteria
from tests.factories import ConversationFactory, EventFactory, PageFactory, TagFactory, api, member
from tests.parquet_files import NEEDS_PYARROW, row_groups_of, rows_of, table_of

EXPORT = "/api/conversations/export"


@pytest.fixture
def page(db):
    return PageFactory(name="Demo Shop")


@pytest.fixture
def viewer(page):
    return api(member(page))


def exported(client, **parameters) -> str:
    answer = client.get(EXPORT, parameters)
    assert answer.status_code == 200, answer.content
    return b"".join(answer.streaming_content).decode()


def lines(text: str) -> list[dict]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


KINDS = AttachmentKind.IMAGE | AttachmentKind.FILE
FROM_CUSTOMER = {"last_message_kind": "message_received", "attachment_kinds": KINDS}


def test_csv_has_a_row_for_each_match(page, viewer):
    texts = {"sender_name": 'José, the "2nd"', "last_message": "two\nlines, привет"}
    row = ConversationFactory(page=page, **texts, **FROM_CUSTOMER)
    tag_conversations([row.pk], [TagFactory(name="VIP"), TagFactory(name='Late, "very"')], actor=None)
    ConversationFactory(page=page)
    ConversationFactory()
    text = exported(viewer, include_tags="vip")
    assert text.startswith("\ufeffid,page_id,page_name,")
    [line] = lines(text)
    assert line["sender_name"] == 'José, the "2nd"'
    assert line["tags"] == '"Late, ""very""", VIP'
    assert next(csv.reader([line["tags"]], skipinitialspace=True)) == ['Late, "very"', "VIP"]
    assert (line["page_id"], line["sender_id"]) == (f"'{page.facebook_page_id}", f"'{row.sender_id}")
    assert line["page_name"] == "Demo Shop"
    assert line["last_message"] == "two\nlines, привет"
    assert line["last_message_time"] == row.last_message_time.isoformat().replace("+00:00", "Z")
    assert (line["id"], line["message_count"], line["unread_count"]) == (str(row.pk), "3", "0")
    assert (line["last_message_from"], line["attachment_kinds"]) == ("customer", "image, file")


def test_ndjson_has_the_rows_of_the_list(page, viewer):
    rows = ConversationFactory.create_batch(3, page=page)
    tag_conversations([rows[0].pk], [TagFactory()], actor=None)
    listed = viewer.get("/api/conversations").json()["conversations"]
    found = [json.loads(line) for line in exported(viewer, format="ndjson").splitlines()]
    assert [row.pop("page_name") for row in found] == ["Demo Shop"] * 3
    assert found == listed


# -- messages ----------------------------------------------------------------------------------------------
@pytest.fixture
def two_conversations(page):
    """The newer one with seven messages, two of which came in one second; the older one with one."""
    older = ConversationFactory(page=page, sender_name="Bo")
    newer = ConversationFactory(page=page, sender_name="=Ada")
    EventFactory(conversation=older, text="alone")
    texts = [EventFactory(conversation=newer, text=f"message {number}", rank=number) for number in range(7)]
    texts[5].occurred_at = texts[6].occurred_at
    texts[5].save()
    EventFactory(conversation=newer, kind="tag_added", graph_id=None, data={"name": "VIP"}, text="")
    EventFactory(conversation=newer, data={"stub": True}, text="")
    return newer, older


def test_messages_follow_each_other_conversation_by_conversation(
    page, viewer, two_conversations, monkeypatch
):
    monkeypatch.setattr(message_lines, "AT_FIRST", 3)
    monkeypatch.setattr(message_lines, "AT_ONCE", 2)
    newer, _ = two_conversations
    found = lines(exported(viewer, what="messages"))
    assert [line["text"] for line in found] == [*(f"message {number}" for number in range(7)), "alone"]
    assert found[0]["sender_name"] == "'=Ada"
    assert (found[0]["conversation_id"], found[0]["kind"]) == (str(newer.pk), "message_received")
    assert found[0]["page_id"] == f"'{page.facebook_page_id}"


def test_messages_of_some_conversations(viewer, two_conversations):
    _, older = two_conversations
    [line] = lines(exported(viewer, what="messages", ids=str(older.pk)))
    assert line["text"] == "alone"
    [row] = lines(exported(viewer, ids=str(older.pk)))
    assert row["sender_name"] == "Bo"


def test_ndjson_of_messages_has_what_the_events_have(page, viewer):
    row = ConversationFactory(page=page)
    header = {"from": {"id": "1", "name": "Ada"}}
    MessageHeader.objects.create(conversation=row, key=7, data=header)
    images = {"data": [{"image_data": {"url": "https://example.com/a.png"}, "name": "a.png"}]}
    data = {"big": 2**70, "shares": {"data": []}}
    EventFactory(conversation=row, header=7, text="", attachments=images["data"], data=data)
    [line] = [json.loads(text) for text in exported(viewer, what="messages", format="ndjson").splitlines()]
    [event] = viewer.get(f"/api/conversations/{row.pk}/events").json()["events"]
    shared = ("id", "kind", "graph_id", "occurred_at", "text", "attachments", "data")
    assert {name: line[name] for name in shared} == {name: event[name] for name in shared}
    assert line["data"]["from"] == header["from"]
    assert (line["conversation_id"], line["sender_id"]) == (row.pk, row.sender_id)
    [cells] = lines(exported(viewer, what="messages"))
    assert cells["attachments"] == "Image a.png"


def test_messages_of_fifty_conversations_are_few_statements(page, viewer, django_assert_max_num_queries):
    for _ in range(12):
        EventFactory.create_batch(2, conversation=ConversationFactory(page=page))
    with django_assert_max_num_queries(16):  # of which eight open and close transactions with their limits
        assert len(lines(exported(viewer, what="messages"))) == 24


@pytest.mark.parametrize("text", ["=1+1", "+49 170", "-1", "@SUM(A1)", "\t=1", "  =1", "＝1"])  # noqa: RUF001 - the wide sign is meant
def test_formulas_are_text(page, viewer, text):
    ConversationFactory(page=page, sender_name=text, last_message=text)
    [line] = lines(exported(viewer))
    assert line["sender_name"] == line["last_message"] == f"'{text}"


def test_chunks_of_the_export_have_no_gaps_or_repeats(page, viewer, monkeypatch):
    monkeypatch.setitem(file_formats.AT_ONCE, "conversations", 3)
    rows = ConversationFactory.create_batch(9, page=page)
    rows += ConversationFactory.create_batch(2, page=page, last_message_time=None)
    found = [int(line["id"]) for line in lines(exported(viewer))]
    assert found == [*(row.pk for row in reversed(rows[:9])), *(row.pk for row in reversed(rows[9:]))]
    assert exported(viewer, search="nobody at all").count("\n") == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [("format", "xls"), ("what", "tags"), ("status", "open"), ("limit", "5")],
)
def test_invalid_parameter_is_named_in_the_error(viewer, name, value):
    answer = viewer.get(EXPORT, {name: value})
    assert (answer.status_code, answer.json()["field"]) == (400, name)


# -- Parquet -----------------------------------------------------------------------------------------------
def exported_bytes(client, **parameters) -> bytes:
    return b"".join(client.get(EXPORT, parameters | {"format": "parquet"}).streaming_content)


@NEEDS_PYARROW
def test_parquet_has_the_columns_of_csv_with_types(page, viewer):
    row = ConversationFactory(page=page, sender_name="=José", **FROM_CUSTOMER)
    tag_conversations([row.pk], [TagFactory(name='Late, "very"'), TagFactory(name="VIP")], actor=None)
    older = ConversationFactory(page=page, last_message_time=None)
    answer = viewer.get(EXPORT, {"format": "parquet"})
    assert answer["Content-Type"] == "application/vnd.apache.parquet"
    assert answer["Content-Disposition"] == 'attachment; filename="conversations.parquet"'
    first, second = rows_of(b"".join(answer.streaming_content))
    assert list(first) == conversation_lines.COLUMNS
    assert (first["id"], first["page_id"], first["sender_name"]) == (row.pk, page.facebook_page_id, "=José")
    assert (first["tags"], first["attachment_kinds"]) == (['Late, "very"', "VIP"], ["image", "file"])
    assert (first["last_message_time"], first["snoozed_until"]) == (row.last_message_time, None)
    assert (first["last_message_from"], first["assignee"]) == ("customer", None)
    assert (second["id"], second["last_message_time"], second["tags"]) == (older.pk, None, [])


@NEEDS_PYARROW
def test_messages_in_parquet_are_those_of_ndjson(page, viewer, two_conversations):
    MessageHeader.objects.create(conversation=two_conversations[1], key=7, data={"from": {"id": "1"}})
    EventFactory(conversation=two_conversations[1], header=7, attachments=[{"name": "a.png"}])
    expected = [json.loads(line) for line in exported(viewer, what="messages", format="ndjson").splitlines()]
    found = rows_of(exported_bytes(viewer, what="messages"))
    assert len(found) == len(expected) == 9
    for line, message in zip(expected, found, strict=True):
        times = message | {"occurred_at": message["occurred_at"].isoformat().replace("+00:00", "Z")}
        assert times | {name: json.loads(message[name]) for name in ("attachments", "data")} == line


@NEEDS_PYARROW
def test_parquet_has_several_row_groups_when_it_is_large(page, viewer, monkeypatch):
    monkeypatch.setattr(exports_parquet, "GROUP_ROWS", 4)
    monkeypatch.setitem(file_formats.AT_ONCE, "conversations", 3)
    rows = ConversationFactory.create_batch(10, page=page)
    content = exported_bytes(viewer)
    assert row_groups_of(content) == 3
    assert [row["id"] for row in rows_of(content)] == [row.pk for row in reversed(rows)]


@NEEDS_PYARROW
def test_long_texts_end_a_row_group_early(page, viewer, monkeypatch):
    monkeypatch.setattr(exports_parquet, "GROUP_LETTERS", 1000)
    EventFactory.create_batch(4, conversation__page=page, text="x" * 600)
    content = exported_bytes(viewer, what="messages")
    assert row_groups_of(content) == 2


@NEEDS_PYARROW
def test_parquet_without_matches_has_columns_only(viewer):
    table = table_of(exported_bytes(viewer, search="nobody at all"))
    assert (table.num_rows, table.column_names) == (0, conversation_lines.COLUMNS)


def test_parquet_without_the_package_says_how_to_get_it(viewer, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    body = {"filter": {}, "format": "parquet"}
    for answer in (
        viewer.get(EXPORT, {"format": "parquet"}),
        viewer.post("/api/exports", body, format="json"),
    ):
        assert (answer.status_code, answer.json()["field"]) == (400, "format")
        assert "inbox/install.py requirements-parquet.txt" in answer.json()["error"]


def test_columns_are_those_of_the_docs(settings):
    text = (settings.BASE_DIR / "docs" / "api.md").read_text()
    assert all(f"`{column}`" in text for column in {*conversation_lines.COLUMNS, *message_lines.COLUMNS})


@pytest.mark.django_db(transaction=True)
def test_export_whose_first_part_is_too_slow_says_so(monkeypatch):
    monkeypatch.setattr(results, "SEARCH_SECONDS", 0.05)
    client = api(member(ConversationFactory().page))
    other = connection.copy()
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:  # a lock makes the query wait
            cursor.execute("LOCK TABLE conversations_conversation IN ACCESS EXCLUSIVE MODE")
        for kind in ("csv", "ndjson"):
            answer = client.get(EXPORT, {"search": "anna", "format": kind})
            assert answer.status_code == 503
            assert "Narrow it" in answer.json()["error"]
    finally:
        other.close()


@pytest.mark.django_db(transaction=True)
def test_export_under_asgi_reads_each_chunk_when_it_is_sent():
    page = PageFactory(name="Demo Shop")
    ConversationFactory.create_batch(3, page=page)

    async def read_chunks() -> list[bytes]:
        criteria = SearchCriteria(page_ids=(page.pk,))
        chunks = file_formats.whole_file("conversations", "ndjson", criteria, {})
        return [chunk async for chunk in iterate_in_thread(chunks)]

    [chunk] = asyncio.run(read_chunks())
    assert chunk.count(b"\n") == 3
