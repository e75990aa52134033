import asyncio
import csv
import io
import json

import pytest
from django.db import connection

from conversations.actions.tagging import tag_conversations
from conversations.api.file_stream import iterate_in_thread
from conversations.search import export, results
from conversations.search.criteria import SearchCriteria
from tests.factories import ConversationFactory, PageFactory, TagFactory, api, member

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


def test_csv_has_a_row_for_each_match(page, viewer):
    row = ConversationFactory(page=page, sender_name='José, the "2nd"', last_message="two\nlines, привет")
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


def test_ndjson_has_the_rows_of_the_list(page, viewer):
    rows = ConversationFactory.create_batch(3, page=page)
    tag_conversations([rows[0].pk], [TagFactory()], actor=None)
    listed = viewer.get("/api/conversations").json()["conversations"]
    found = [json.loads(line) for line in exported(viewer, format="ndjson").splitlines()]
    assert [row.pop("page_name") for row in found] == ["Demo Shop"] * 3
    assert found == listed


@pytest.mark.parametrize("text", ["=1+1", "+49 170", "-1", "@SUM(A1)", "\t=1", "  =1", "＝1"])  # noqa: RUF001 - the wide sign is meant
def test_formulas_are_text(page, viewer, text):
    ConversationFactory(page=page, sender_name=text, last_message=text)
    [line] = lines(exported(viewer))
    assert line["sender_name"] == line["last_message"] == f"'{text}"


def test_chunks_of_the_export_have_no_gaps_or_repeats(page, viewer, monkeypatch):
    monkeypatch.setattr(results.read_all, "__kwdefaults__", {"chunk_rows": 3})
    rows = ConversationFactory.create_batch(9, page=page)
    rows += ConversationFactory.create_batch(2, page=page, last_message_time=None)
    found = [int(line["id"]) for line in lines(exported(viewer))]
    assert found == [*(row.pk for row in reversed(rows[:9])), *(row.pk for row in reversed(rows[9:]))]
    assert exported(viewer, search="nobody at all").count("\n") == 1


@pytest.mark.parametrize(("name", "value"), [("format", "xls"), ("status", "open"), ("limit", "5")])
def test_invalid_parameter_is_named_in_the_error(viewer, name, value):
    answer = viewer.get(EXPORT, {name: value})
    assert (answer.status_code, answer.json()["field"]) == (400, name)


def test_columns_are_those_of_the_docs(settings):
    text = (settings.BASE_DIR / "docs" / "api.md").read_text()
    assert all(f"`{column}`" in text for column in export.COLUMNS)


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
        chunks = export.as_ndjson(SearchCriteria(page_ids=(page.pk,)), {})
        return [chunk async for chunk in iterate_in_thread(chunks)]

    [chunk] = asyncio.run(read_chunks())
    assert chunk.count(b"\n") == 3
