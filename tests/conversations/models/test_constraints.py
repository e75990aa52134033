"""Databases without the unique keys: they are detected, and syncs store the same rows, without duplicates."""

import pytest
from django.core.management import call_command
from django.db import connection

from conversations.models import Conversation, InteractionEvent, Thread, constraints
from conversations.sync.load import batch_loader
from tests.conversations.sync.copies import row_versions
from tests.conversations.sync.load.test_batch_loader import at, shown
from tests.factories import ConversationFactory, EventFactory
from tests.legacy_database import WITH_THE_OWNERS_INDEX, WITH_THE_OWNERS_KEY, WITHOUT_ANY_KEY, make_legacy

pytestmark = pytest.mark.django_db

LEGACY = [WITHOUT_ANY_KEY, WITH_THE_OWNERS_KEY, WITH_THE_OWNERS_INDEX]
legacy = pytest.mark.parametrize("statements", LEGACY, ids=["no key", "wider key", "wider index"])


def content() -> list:
    """Return all rows, without primary keys."""
    return [
        list(
            Conversation.objects.order_by("sender_id").values_list(
                "sender_id", "graph_id", "last_message_time"
            )
        ),
        list(
            Thread.objects.order_by("graph_id").values_list(
                "graph_id", "conversation__sender_id", "state", "held_count"
            )
        ),
        list(
            InteractionEvent.objects.order_by("graph_id").values_list("graph_id", "conversation__sender_id")
        ),
    ]


def save_batches(page, **options) -> list[list[str]]:
    batches = [
        [shown(page, 1), shown(page, 2, messages=3), shown(page, 3, sender=2)],
        [shown(page, 2, minute=5), shown(page, 1), shown(page, 4)],
        [shown(page, 2, minute=1), shown(page, 1, minute=6)],
    ]
    return [
        [outcome.result for outcome in batch_loader.save_batch(page, batch, **options)] for batch in batches
    ]


# -- finding missing keys ----------------------------------------------------------------------------------
def test_new_database_has_all_keys(db):
    assert constraints.missing_keys() == []
    assert len(constraints.KEYS) == 3


@legacy
def test_missing_keys_are_found_by_name(statements):
    make_legacy(statements)
    names = [str(key) for key in constraints.missing_keys()]
    assert names[0] == "conversations_conversation (page_id, sender_id)"
    assert len(names) == (3 if statements is WITHOUT_ANY_KEY else 1)
    assert "manage.py mergeduplicates" in constraints.missing_keys_note(constraints.missing_keys())


@pytest.mark.parametrize(
    "index",
    [
        "CREATE INDEX i ON conversations_conversation (page_id, sender_id)",
        "CREATE UNIQUE INDEX i ON conversations_conversation (page_id, sender_id) WHERE sender_id <> ''",
        "CREATE UNIQUE INDEX i ON conversations_conversation (page_id, lower(sender_id))",
        "CREATE UNIQUE INDEX i ON conversations_conversation (page_id, sender_id, id)",
        "ALTER TABLE conversations_conversation ADD CONSTRAINT i UNIQUE (page_id, sender_id)"
        " DEFERRABLE INITIALLY DEFERRED",
    ],
    ids=["not unique", "partial", "of an expression", "wider", "deferred"],
)
def test_index_that_does_not_enforce_the_key_is_not_the_key(index):
    make_legacy([WITHOUT_ANY_KEY[0], index])
    assert len(constraints.missing_keys()) == 1


def test_key_with_another_name_and_order_is_accepted(db):
    make_legacy(
        [
            WITHOUT_ANY_KEY[0],
            "CREATE UNIQUE INDEX i ON conversations_conversation (sender_id, page_id) INCLUDE (id)",
        ]
    )
    assert constraints.missing_keys() == []


# -- writing -----------------------------------------------------------------------------------------------
@legacy
def test_rows_and_results_are_the_same_without_the_keys(shop_page, statements):
    expected = save_batches(shop_page), content()
    Conversation.objects.all().delete()
    make_legacy(statements)
    assert (save_batches(shop_page, is_keyed=False), content()) == expected
    before = row_versions()
    assert {result for batch in save_batches(shop_page, is_keyed=False)[1:] for result in batch} == {
        "unchanged"
    }
    assert row_versions() == before


def test_of_duplicate_rows_the_first_is_updated_and_none_is_added(shop_page):
    make_legacy(WITHOUT_ANY_KEY)
    first, second = ConversationFactory.create_batch(
        2, page=shop_page, sender_id="71", last_message_time=at(-9), graph_id="t_1"
    )
    EventFactory(conversation=second, graph_id="m_1_0_0")
    batch_loader.save_batch(shop_page, [shown(shop_page, 1, messages=2)], is_keyed=False)
    assert list(Conversation.objects.order_by("pk").values_list("pk", "last_message_time")) == [
        (first.pk, at(0)),
        (second.pk, at(-9)),
    ]
    messages = InteractionEvent.objects.filter(graph_id__isnull=False)
    assert sorted(messages.values_list("graph_id", "conversation")) == [
        ("m_1_0_0", second.pk),
        ("m_1_0_1", first.pk),
    ]


def test_check_names_the_missing_keys_and_the_command_that_repairs_them(capsys):
    make_legacy(WITHOUT_ANY_KEY)
    call_command("check", databases=["default"])
    output = capsys.readouterr().err
    for table in (
        "conversations_conversation (page_id, sender_id)",
        "conversations_thread",
        "interactionevent",
    ):
        assert f"{table}" in output
    assert output.count("manage.py mergeduplicates") == 3


def test_check_reports_nothing_for_a_complete_or_an_empty_database(capsys):
    call_command("check", databases=["default"])
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("DROP TABLE conversations_thread")
    call_command("check", databases=["default"])
    assert "W001" not in capsys.readouterr().err
