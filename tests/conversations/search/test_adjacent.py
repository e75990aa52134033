"""The previous and next conversation are those of the list."""

import random

import pytest

from conversations.actions.tagging import tag_conversations
from conversations.models import Conversation
from conversations.search import list_sql, planner
from conversations.search.adjacent import adjacent
from conversations.search.filters import parse_filter
from conversations.search.sql import fetch_all
from tests.factories import NOON, ConversationFactory, PageFactory, TagFactory
from tests.seeds import SEED


@pytest.fixture
def inbox(db):
    """60 conversations on two Pages, several with the same time and some without one, at random."""
    print("seed", SEED)  # noqa: T201 - shown if the test fails
    chance = random.Random(SEED)
    pages = [PageFactory(), PageFactory()]
    tags = [TagFactory(name=name) for name in ("VIP", "Late")]
    for _ in range(60):
        row = ConversationFactory(
            page=chance.choice(pages),
            last_message_time=chance.choice([None, NOON, NOON.replace(hour=13), NOON.replace(hour=14)]),
            unread_count=chance.choice([0, 3]),
            sender_name=chance.choice(["Ana Silva", "José García", "Mia"]),
        )
        tag_conversations([row.pk], [tag for tag in tags if chance.random() < 0.4], actor=None)
    return [page.pk for page in pages]


FILTERS = [
    {},
    {"unread": "true"},
    {"include_tags": "vip"},
    {"include_tags": "vip,late"},
    {"include_tags": "vip,late", "include_mode": "all"},
    {"exclude_tags": "late", "unread": "false"},
    {"untagged": "true"},
    {"search": "garcia"},
    {"search": "an", "unread": "true"},
    {"startDate": "2024-05-17T12:30:00Z"},
]


@pytest.mark.parametrize("scan_rows", [0, list_sql.SCAN_ROWS], ids=["by index", "by scanning"])
@pytest.mark.parametrize("parameters", FILTERS, ids=str)
def test_adjacent_conversations_match_the_list_at_every_position(inbox, parameters, scan_rows, monkeypatch):
    monkeypatch.setattr(list_sql, "SCAN_ROWS", scan_rows)
    filters = parse_filter(parameters)
    assert filters.is_valid()
    criteria = filters.criteria(inbox, user_id=None)
    path = planner.cheapest(criteria, planner.read_cardinalities(criteria))[1]
    listed = [pk for pk, _ in fetch_all(list_sql.ordered_query(criteria, path, start=0, count=100))]
    assert len(listed) > 3
    times = dict(Conversation.objects.values_list("pk", "last_message_time"))
    for before, pk, after in zip([None, *listed], listed, [*listed[1:], None], strict=False):
        newer, older = adjacent(criteria, (times[pk], pk))
        assert ((newer and newer.id), (older and older.id)) == (before, after)


def test_adjacent_conversations_take_two_queries_at_most(inbox, django_assert_max_num_queries):
    row = ConversationFactory(page_id=inbox[0], last_message_time=NOON)
    for parameters in FILTERS:
        filters = parse_filter(parameters)
        assert filters.is_valid()
        criteria = filters.criteria(inbox, user_id=None)
        with django_assert_max_num_queries(2):
            adjacent(criteria, (row.last_message_time, row.pk))


def test_conversation_that_left_the_list_still_has_adjacent_ones(inbox):
    """Somebody has tagged it in the meantime; its position is the same."""
    filters = parse_filter({"untagged": "true"})
    assert filters.is_valid()
    first, second, third = (
        ConversationFactory(page_id=inbox[0], last_message_time=NOON.replace(year=2025, minute=minute))
        for minute in (3, 2, 1)
    )
    tag_conversations([second.pk], [TagFactory()], actor=None)
    newer, older = adjacent(filters.criteria(inbox, user_id=None), (second.last_message_time, second.pk))
    assert (newer.id, older.id) == (first.pk, third.pk)
