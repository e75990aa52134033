"""Next and previous are those of the list."""

import random

import pytest

from conversations.models import Conversation
from conversations.reading import finding
from conversations.reading.filters import read
from conversations.reading.neighbours import neighbours
from conversations.reading.sql import rows
from conversations.tagging import tag_conversations
from tests.factories import NOON, ConversationFactory, PageFactory, TagFactory


@pytest.fixture
def inbox(db):
    """60 conversations on two Pages, several at the same time and some without one, at random."""
    seed = random.randrange(10**6)
    print("seed", seed)  # noqa: T201 - shown where the test fails
    chance = random.Random(seed)
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


QUESTIONS = [
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


@pytest.mark.parametrize("walk", [0, finding.WALK], ids=["by index", "by walking"])
@pytest.mark.parametrize("question", QUESTIONS, ids=str)
def test_they_are_those_of_the_list_at_every_place(inbox, question, walk, monkeypatch):
    monkeypatch.setattr(finding, "WALK", walk)
    asked = read(question)
    assert asked.is_valid()
    selection = asked.selection(inbox)
    lead = finding.smallest(selection, finding.read_sizes(selection))[1]
    listed = [pk for pk, _ in rows(finding.in_order(selection, lead, start=0, count=100))]
    assert len(listed) > 3
    times = dict(Conversation.objects.values_list("pk", "last_message_time"))
    for before, pk, after in zip([None, *listed], listed, [*listed[1:], None], strict=False):
        newer, older = neighbours(selection, (times[pk], pk))
        assert ((newer and newer.id), (older and older.id)) == (before, after)


def test_they_cost_two_queries_at_most(inbox, django_assert_max_num_queries):
    row = ConversationFactory(page_id=inbox[0], last_message_time=NOON)
    for question in QUESTIONS:
        asked = read(question)
        assert asked.is_valid()
        selection = asked.selection(inbox)
        with django_assert_max_num_queries(2):
            neighbours(selection, (row.last_message_time, row.pk))


def test_one_that_the_list_no_longer_has_still_has_neighbours(inbox):
    """Somebody tagged it meanwhile: its place is where it was."""
    asked = read({"untagged": "true"})
    assert asked.is_valid()
    first, second, third = (
        ConversationFactory(page_id=inbox[0], last_message_time=NOON.replace(year=2025, minute=minute))
        for minute in (3, 2, 1)
    )
    tag_conversations([second.pk], [TagFactory()], actor=None)
    newer, older = neighbours(asked.selection(inbox), (second.last_message_time, second.pk))
    assert (newer.id, older.id) == (first.pk, third.pk)
