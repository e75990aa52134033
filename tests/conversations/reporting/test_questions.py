"""The questions of docs/data.md, asked as the role of the reports, have the right answers."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from operator import itemgetter

import pytest
from django.db import ProgrammingError, connection, transaction
from django.utils import timezone

from conversations.actions.tagging import tag_conversations
from conversations.models import Conversation
from conversations.privacy.forget_person import delete_person
from conversations.reporting import reporting_role, reporting_schema
from conversations.reporting.reporting_role import ROLE
from tests import data_page
from tests.factories import (
    ConversationFactory,
    EventFactory,
    PageFactory,
    SyncRunFactory,
    TagFactory,
    UserFactory,
)

SECRET = "EAAtokenOfThePage"
NOTE = "He is a bad payer"
VIEWS = data_page.VIEWS.read_text()
NAMES = ("pages", "conversations", "messages", "tags", "conversation_tags", "sync_runs")


def at(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


def write(conversation: Conversation, *messages: tuple[str, datetime, str]) -> None:
    for kind, time, text in messages:
        EventFactory(conversation=conversation, kind=f"message_{kind}", occurred_at=time, text=text)


@pytest.fixture
def shop(db):
    """A Page with three customers."""
    page = PageFactory(name="Demo Shop", access_token=SECRET)
    carla = UserFactory(username="carla")
    new = {"page": page, "last_message_kind": "message_received"}
    ana = ConversationFactory(
        **new | {"last_message_kind": "message_sent"}, sender_name="Ana", conversation_status="done"
    )
    write(
        ana,
        ("received", at(1, 5, 10), "Hi, is the red boat still there?"),
        ("received", at(1, 5, 10, 1), "And the green one?"),
        ("sent", at(1, 5, 10, 30), "Yes"),
        ("received", at(2, 2, 9), "I take it"),
        ("sent", at(2, 4, 9), "Thank you"),
    )
    EventFactory(conversation=ana, kind="note_added", graph_id=None, text=NOTE, actor=carla)
    ben = ConversationFactory(
        **new,
        sender_name="Ben",
        platform="instagram",
        last_message_time=at(2, 10, 20),
        assignee=carla,
        ad_id="77",
        referral={"source": "ADS", "ad_title": "Boats"},
    )
    write(ben, ("received", at(2, 10, 20), "How much?"))
    stub = {"stub": True, "time": "unknown"}
    EventFactory(conversation=ben, kind="message_received", data=stub, text="", occurred_at=at(2, 10, 21))
    imported = {"source": "archive", "ms": 0}
    EventFactory(conversation=ana, graph_id=None, data=imported, text="Good day", occurred_at=at(1, 5, 9, 59))
    legacy = {"stub": True, "legacy_id": "7"}
    EventFactory(conversation=ana, kind="message_sent", data=legacy, text="", occurred_at=at(1, 5, 9, 58))
    cem = ConversationFactory(**new | {"last_message_kind": "message_sent"}, sender_name="Cem")
    write(cem, ("sent", at(2, 11, 8), "Are you there?"))
    vip, late = TagFactory(name="vip"), TagFactory(name="late")
    tag_conversations([ana.pk, ben.pk], [vip], actor=carla)
    tag_conversations([ben.pk], [late], actor=None)
    now = timezone.now()
    times = {"started_at": now - timedelta(seconds=20), "ended_at": now}
    SyncRunFactory(page=page, status="complete", events_created=7, **times)
    SyncRunFactory(page=page, status="error", error=f"Facebook says no to {SECRET}", **times)
    SyncRunFactory(page=page, status="complete", created_at=now - timedelta(days=40), **times)
    return page


@pytest.fixture
def ask(shop) -> Callable[[str], list[tuple]]:
    """Ask as the role. What it may not read is a ProgrammingError."""
    reporting_schema.make(connection)
    reporting_role.make(connection)
    reporting_schema.make(connection)

    def answer(question: str) -> list[tuple]:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL ROLE {ROLE}; SET LOCAL search_path = reporting")
            cursor.execute(question)
            rows = cursor.fetchall()
            cursor.execute("RESET ROLE; RESET search_path")
            return rows

    return answer


ANSWERS = [
    [("2026-01", 3, 1), ("2026-02", 2, 2)],
    [("2026-01", 1), ("2026-02", 1)],
    [("2026-01", 1, Decimal(31)), ("2026-02", 1, Decimal(2880))],
    [("2026-01", 1, Decimal(100)), ("2026-02", 2, Decimal(0))],
    [("Ben", "instagram", at(2, 10, 20), "carla")],
    [(1, 10, 2), (1, 11, 2), (2, 21, 1)],
    [("vip", 2, 1), ("late", 1, 1)],
    [("77", "Boats", 1, 0)],
    [("carla", 1, 1, at(2, 10, 20)), ("nobody", 1, 0, None)],
    [("Demo Shop", 2, 1, 20.0, 7)],
]


@pytest.mark.parametrize(("title", "expected"), list(zip(data_page.questions(), ANSWERS, strict=True)))
def test_question_has_the_right_answer(ask, title, expected):
    assert ask(data_page.questions()[title]) == expected


def test_every_view_and_column_is_described(ask):
    columns = "SELECT table_name, column_name FROM information_schema.columns"
    with connection.cursor() as cursor:
        cursor.execute(f"{columns} WHERE table_schema = 'reporting' ORDER BY ordinal_position")
        found = sorted(cursor.fetchall(), key=itemgetter(0))
    described = [(view, column) for _, view, column, _ in data_page.COMMENT.findall(VIEWS) if column]
    assert sorted(described, key=itemgetter(0)) == found
    assert {view for view, _ in found} == set(NAMES)


def test_no_view_has_a_token_or_a_note(ask, shop):
    for view in NAMES:
        shown = str(ask(f"TABLE {view}"))
        assert shown != "[]"
        assert SECRET not in shown
        assert NOTE not in shown


def test_messages_of_archives_are_marked(ask):
    assert ask("SELECT text, graph_id FROM messages WHERE is_from_archive") == [("Good day", None)]


def test_a_question_is_asked_of_what_the_view_shows_alone(ask):
    """Otherwise a cast of what the view leaves out, such as a note, could quote it in an error."""
    plan = str(ask("EXPLAIN SELECT count(*) FROM messages WHERE text::int = 1"))
    assert "Subquery Scan on messages" in plan
    found = ask("SELECT text FROM messages WHERE CASE WHEN text LIKE 'He%' THEN text::int = 1 ELSE true END")
    assert len(found) == 8


def test_a_deleted_person_is_in_no_view(ask, shop):
    delete_person(Conversation.objects.get(sender_name="Ana"), actor=None)
    assert ask("SELECT sender_name FROM conversations ORDER BY 1") == [("Ben",), ("Cem",)]
    assert ask("SELECT count(*) FROM messages") == [(2,)]
    assert ask("SELECT count(*) FROM conversation_tags") == [(2,)]


@pytest.mark.parametrize(
    "act",
    [
        "SELECT access_token FROM public.conversations_page",
        "SELECT password FROM public.auth_user",
        "SELECT * FROM public.conversations_auditentry",
        "DELETE FROM pages",
        "UPDATE tags SET name = 'x'",
        "INSERT INTO tags (name) VALUES ('x')",
        "DROP VIEW tags",
        "CREATE TABLE reporting.own (x int)",
        "CREATE TABLE public.own (x int)",
        "CREATE SCHEMA own",
        "CREATE ROLE own",
    ],
)
def test_the_role_may_do_nothing_else(ask, act):
    with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"):
        ask(act)


def test_what_somebody_gave_the_role_is_taken_back_or_told(ask):
    with connection.cursor() as cursor:
        cursor.execute(f"GRANT SELECT ON conversations_page TO {ROLE}")
        cursor.execute(f"GRANT SELECT (password) ON auth_user TO {ROLE}")
        cursor.execute("GRANT SELECT ON tags_tag TO PUBLIC")
        cursor.execute("CREATE ROLE helper")
        cursor.execute(f"GRANT helper TO {ROLE}")
    reporting_role.make(connection)
    assert reporting_role.excesses(connection) == [
        "it is a member of helper",
        "it may use the table tags_tag",
    ]
