"""Reading the stored rows of a batch: as fast for a large Page as for a small one, also in its first sync."""

import json
from collections.abc import Iterator

import pytest
from django.db import connection

from conversations.models import Conversation, Thread
from conversations.sync.load.existing import STATEMENTS
from tests.factories import ConversationFactory, PageFactory

pytestmark = pytest.mark.django_db

STORED, BATCH = 3_000, 100


@pytest.fixture
def page():
    """A Page of which PostgreSQL has no statistics: they know only another one."""
    other, page = PageFactory(), PageFactory()
    add_rows(other.pk, "other")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE conversations_conversation, conversations_thread")
    add_rows(page.pk, "new")
    return page


def add_rows(page_id: int, name: str) -> None:
    rows = Conversation.objects.bulk_create(
        ConversationFactory.build(page_id=page_id, page=None, sender_id=f"{name}{n}") for n in range(STORED)
    )
    Thread.objects.bulk_create(
        Thread(page_id=page_id, conversation=row, graph_id=f"t_{row.sender_id}", platform="messenger")
        for row in rows
    )


def nodes(plan: dict) -> Iterator[dict]:
    yield plan
    for inner in plan.get("Plans", ()):
        yield from nodes(inner)


def rows_read(plan: dict) -> float:
    """The rows that the scans of tables have looked at."""
    skipped = ("Rows Removed by Filter", "Rows Removed by Join Filter", "Rows Removed by Index Recheck")
    return sum(
        node["Actual Loops"]
        * (node["Actual Rows"] * ("Relation Name" in node) + sum(node.get(k, 0) for k in skipped))
        for node in nodes(plan)
    )


def test_a_batch_reads_its_own_rows_and_not_the_whole_page(page):
    ids = list(Conversation.objects.filter(page=page).order_by("pk").values_list("pk", flat=True)[:BATCH])
    keys = {
        "page": page.pk,
        "sender_ids": json.dumps([f"new{n}" for n in range(BATCH)]),
        "graph_ids": json.dumps([f"t_new{n}" for n in range(BATCH)]),
        "ids": ids,
        "conversation_ids": ids,
    }
    plans = {name: explain(statement, keys) for name, statement in STATEMENTS.items()}
    expected = dict.fromkeys(STATEMENTS, BATCH) | {"known": 2 * BATCH}  # threads and senders
    assert {name: plan["Actual Rows"] for name, plan in plans.items()} == expected
    assert {name: rows_read(plan) for name, plan in plans.items() if rows_read(plan) > 4 * BATCH} == {}


def explain(statement: str, keys: dict) -> dict:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", keys)
        [[[explained]]] = cursor.fetchall()
    return explained["Plan"]
