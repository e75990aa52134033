"""What each slice of a bulk operation reads does not grow with what the operation has written."""

import uuid

import pytest
from django.db import connection
from django.utils import timezone

from conversations.actions import assigning, snoozing, status, tagging
from conversations.actions.targets import STATEMENTS, Since
from conversations.models import Conversation, InteractionEvent
from conversations.search.sql import Sql
from tests.factories import ConversationFactory, PageFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def act() -> str:
    return str(uuid.uuid4())


@pytest.fixture
def rows(act) -> list[Conversation]:
    """Conversations with messages, and with newer events of an operation that no statistics know."""
    before = timezone.now()
    rows = ConversationFactory.create_batch(40, page=PageFactory())
    InteractionEvent.objects.bulk_create(
        InteractionEvent(conversation=row, kind="message_sent", occurred_at=before, data={})
        for row in rows * 50
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE conversations_interactionevent")
    InteractionEvent.objects.bulk_create(
        InteractionEvent(
            conversation=row, kind="tag_added", occurred_at=timezone.now(), data={"act": act, "id": 1}
        )
        for row in rows
    )
    return rows


def plan_and_rows(statement: Sql) -> tuple[str, list[tuple]]:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {statement.text}", statement.params)
        plan = "\n".join(line for (line,) in cursor.fetchall())
        cursor.execute(statement.text, statement.params)
        return plan, cursor.fetchall()


def test_a_slice_of_an_undo_reads_its_own_events(rows, act):
    values = {"ids": [rows[0].pk], "time": rows[0].created_at, "operation": act}
    plan, found = plan_and_rows(Sql.compose(STATEMENTS["events_of_operation_in"], **values))
    assert len(found) == 1
    assert "event_act" not in plan


@pytest.mark.parametrize(
    ("statement", "name", "columns"),
    [
        (tagging.STATEMENTS["pairs_unchanged_since"], "pairs", "id AS conversation_id, 2::bigint AS tag_id"),
        (assigning.STATEMENTS["unchanged_since"], "assignees", "id, 1::bigint AS assignee"),
        (snoozing.STATEMENTS["unchanged_since"], "times", "id, now() AS until"),
        (status.STATEMENTS["unchanged_since"], "statuses", "id, 'done' AS status"),
    ],
    ids=["tags", "assignees", "snoozes", "status"],
)
def test_a_slice_asks_for_later_changes_of_its_own_conversations(rows, statement, name, columns):
    newest = InteractionEvent.objects.filter(kind="message_sent").latest("pk").pk
    query = f"SELECT {columns} FROM unnest(%s::bigint[]) AS id"  # noqa: S608 - constants of this file
    chosen = Sql(query, ([row.pk for row in rows],))
    since = Since(newest, rows[0].created_at, [])
    plan, found = plan_and_rows(since.leave_out_later(statement, **{name: chosen}))
    assert len(found) == len(rows)
    assert "conversations_interactionevent_pkey" not in plan
