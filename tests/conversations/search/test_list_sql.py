"""How many rows a text search reads before it uses the text index."""

from collections.abc import Iterator

import pytest

from conversations.models import Conversation
from conversations.search import list_sql
from conversations.search.filters import parse_filter
from conversations.search.planner import read_cardinalities
from conversations.search.rows import row_chunks, whole_row_chunks
from conversations.search.sql import fetch_all
from tests.factories import ConversationFactory, PageFactory

SCAN_ROWS = 10  # and four for each row that is asked for


@pytest.fixture
def page(db, monkeypatch):
    """60 conversations; the names of every second one and of the oldest one have a word of their own."""
    monkeypatch.setattr(list_sql, "SCAN_ROWS", SCAN_ROWS)
    page = PageFactory()
    for number in range(60):
        name = "Rare" if number == 0 else ("Anna", "Bert")[number % 2]
        ConversationFactory(page=page, sender_name=name)
    return page


def explain(page, search: str, count: int) -> dict[str, int]:
    """Return how many rows each CTE of the statement has read; those that were not executed are absent."""
    criteria = parse_filter({"search": search}).criteria([page.pk], user_id=None)
    query = list_sql.ids_query(criteria, read_cardinalities(criteria), count=count)
    [[[plan]]] = fetch_all(query.inside("EXPLAIN (ANALYZE, FORMAT JSON) {}"))
    return {
        node["Subplan Name"].removeprefix("CTE "): node["Actual Rows"]
        for node in nodes(plan["Plan"])
        if node.get("Subplan Name", "").startswith("CTE ") and node["Actual Loops"]
    }


def nodes(plan: dict) -> Iterator[dict]:
    yield plan
    for part in plan.get("Plans", []):
        yield from nodes(part)


def test_of_a_rare_term_only_a_sample_of_the_newest_rows_is_scanned(page):
    read = explain(page, "rare", count=3)
    assert read["newest"] == (SCAN_ROWS + 3 * 4) // list_sql.SAMPLED
    assert read["rest"] == 0
    assert read["index_matches"] == 1


def test_a_frequent_term_is_found_by_scanning_no_more_rows_than_needed(page):
    read = explain(page, "bert", count=5)
    assert read["newest"] == 9
    assert "index_matches" not in read


def test_both_ways_return_the_newest_matches(page):
    for search, count in (("bert", 5), ("anna", 20), ("rare", 3)):
        criteria = parse_filter({"search": search}).criteria([page.pk], user_id=None)
        query = list_sql.ids_query(criteria, read_cardinalities(criteria), count=count)
        newest = Conversation.objects.filter(sender_name__iexact=search).order_by("-last_message_time", "-pk")
        assert sorted(pk for pk, _ in fetch_all(query)) == sorted(newest.values_list("pk", flat=True)[:count])


def test_a_list_reads_whole_rows_and_returns_the_same_as_by_ids(page):
    undated = ConversationFactory(page=page, last_message_time=None)
    criteria = parse_filter({}).criteria([page.pk], user_id=None)
    newest = Conversation.objects.order_by("-last_message_time").exclude(pk=undated.pk)[10]
    for position in ({"count": 70}, {"count": 60, "after": (newest.last_message_time, newest.pk)}):
        whole_rows = list_sql.whole_rows_query(criteria, None, **position)
        by_ids = list(row_chunks(list_sql.ids_query(criteria, None, **position)))
        assert list(whole_row_chunks(whole_rows)) == by_ids
        assert [chunk[-1]["id"] for chunk in by_ids] == [undated.pk]


def test_rows_that_are_only_skipped_or_in_many_ranges_of_an_index_are_found_by_ids(page):
    criteria = parse_filter({}).criteria([page.pk], user_id=None)
    assert list_sql.whole_rows_query(criteria, None, start=5, count=5) is None
    unread = parse_filter({"unread": "true"}).criteria([page.pk], user_id=None)
    assert list_sql.whole_rows_query(unread, read_cardinalities(unread), count=5) is None
