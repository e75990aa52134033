"""Exports in the admin: of the filtered list, of one conversation, and files that a worker prepares."""

import sys

import pytest

from conversations.exports import prepared
from conversations.exports.prepared import work
from conversations.models import Export
from tests.factories import ConversationFactory, EventFactory, PageFactory
from tests.parquet_files import NEEDS_PYARROW

EXPORTS = "/admin/conversations/export/"
ADD = f"{EXPORTS}add/"
CHOICE = {"what": "messages", "format": "csv"}


@pytest.fixture
def rows(page):
    rows = ConversationFactory.create_batch(3, page=page)
    for row in rows:
        EventFactory(conversation=row, text=f"from {row.sender_name}")
    return rows


@pytest.fixture
def large(monkeypatch):
    """Every file is so large that it is prepared."""
    monkeypatch.setitem(prepared.SMALL, "messages", (0, 0))


def download(client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200
    return b"".join(answer.streaming_content).decode()


def test_list_and_conversation_link_to_the_export(page, staff, rows):
    client = staff("viewer")
    text = client.get("/admin/conversations/conversation/?status=active").content.decode()
    assert f'href="{ADD}?status=active"' in text
    text = client.get(f"/admin/conversations/conversation/{rows[0].pk}/change/").content.decode()
    assert f'href="{ADD}?conversation={rows[0].pk}&amp;what=messages"' in text


def test_filtered_list_is_exported(page, staff, rows):
    client = staff("viewer")
    url = f"{ADD}?q={rows[1].sender_name.replace(' ', '+')}&page={page.pk}"
    assert client.get(url).status_code == 200
    answer = client.post(url, CHOICE)
    assert answer["Location"].startswith("/api/conversations/export?what=messages&format=csv")
    text = download(client, answer["Location"])
    assert f"from {rows[1].sender_name}" in text
    assert f"from {rows[0].sender_name}" not in text


def test_one_conversation_is_exported(staff, rows):
    client = staff("viewer")
    answer = client.post(f"{ADD}?conversation={rows[2].pk}", CHOICE)
    assert download(client, answer["Location"]).count("from ") == 1
    foreign = ConversationFactory(page=PageFactory())
    for number in (foreign.pk, "x", "9" * 30):
        assert client.post(f"{ADD}?conversation={number}", CHOICE).status_code == 404


def test_large_file_is_prepared_and_shown_with_its_progress(page, staff, rows, large):
    client = staff("viewer")
    url = client.post(f"{ADD}?page={page.pk}", CHOICE)["Location"]
    text = client.get(url).content.decode()
    assert "Waiting for a worker." in text
    assert 'http-equiv="refresh"' in text
    work()
    text = client.get(url).content.decode()
    export = Export.objects.get()
    assert f'href="/api/exports/{export.pk}/file"' in text
    assert 'http-equiv="refresh"' not in text
    assert download(client, f"/api/exports/{export.pk}/file").count("from ") == 3
    assert "messages.csv" in client.get(EXPORTS).content.decode()
    assert client.post(f"{EXPORTS}{export.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not Export.objects.exists()


def test_exports_of_others_are_for_superusers_to_delete_only(page, staff, root, rows, large):
    url = staff("viewer").post(f"{ADD}?page={page.pk}", CHOICE)["Location"]
    work()
    assert staff("manager").get(url).status_code in (302, 404)
    assert "messages.csv" not in staff("manager").get(EXPORTS).content.decode()
    text = root.get(url).content.decode()
    assert "/api/exports/" not in text


def test_invalid_filter_is_not_exported(staff, rows):
    client = staff("viewer")
    answer = client.post(f"{ADD}?status=odd", CHOICE)
    assert (answer.status_code, "status:" in answer.content.decode()) == (200, True)


def test_too_many_exports_are_refused_in_words(page, staff, rows, large, monkeypatch):
    monkeypatch.setattr(prepared, "MAX_OF_USER", 0)
    answer = staff("viewer").post(f"{ADD}?page={page.pk}", CHOICE, follow=True)
    assert "Delete one first" in answer.content.decode()


def test_list_runs_no_query_per_row(page, staff, rows, large, django_assert_num_queries):
    client = staff("viewer")
    for _ in range(3):
        client.post(f"{ADD}?page={page.pk}", CHOICE)
    with django_assert_num_queries(6):  # session, user, Pages, disconnected ones, count, rows
        client.get(EXPORTS)


@NEEDS_PYARROW
def test_parquet_is_exported_where_its_package_is_installed(page, staff, rows, monkeypatch):
    client, choice = staff("viewer"), {"what": "conversations", "format": "parquet"}
    answer = client.get(client.post(f"{ADD}?page={page.pk}", choice)["Location"])
    assert b"".join(answer.streaming_content).startswith(b"PAR1")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    answer = client.post(f"{ADD}?page={page.pk}", choice)
    assert (answer.status_code, "requirements-parquet.txt" in answer.content.decode()) == (200, True)
