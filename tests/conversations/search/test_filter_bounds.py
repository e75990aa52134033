"""One filter cannot ask more of the database than a person needs, whichever door it comes through."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conversations.actions.tagging import tag_conversations
from conversations.models import SavedView
from conversations.models.facets import facet_values
from conversations.models.search import PageCount
from conversations.search import adjacent, results
from conversations.search.criteria import SearchCriteria
from tests.factories import NOON, ConversationFactory, PageFactory, TagFactory, api, member, superuser

LIST = "/api/conversations"
MAX_ARMS = 48  # of one statement: more take PostgreSQL's planner longer than the rows


@pytest.fixture
def tags(db):
    return [TagFactory(name=f"Tag {number}") for number in range(51)]


def joined(tags) -> str:
    return ",".join(str(tag.pk) for tag in tags)


TOO_MUCH = [
    ("include_tags", {"include_tags": range(51)}),
    ("include_tags", {"include_tags": range(51), "include_mode": "all"}),
    ("exclude_tags", {"exclude_tags": range(51)}),
    ("exclude_tags", {"include_tags": range(26), "exclude_tags": range(26, 51)}),
    ("search", {"search": "a" * 201}),
    ("search", {"search": "é" * 201, "search_in": "messages"}),
]


@pytest.mark.parametrize(("name", "parameters"), TOO_MUCH)
def test_every_door_names_the_parameter_that_is_too_long(name, parameters, client, tags):
    query = {
        key: joined(tags[number] for number in value) if isinstance(value, range) else value
        for key, value in parameters.items()
    }
    rest, user = api(superuser()), superuser()
    client.force_login(user)
    body = {"filter": query, "tagIds": [tags[0].pk], "action": "assign", "dry_run": True}
    for answer in (
        rest.get(LIST, query),
        rest.get(f"{LIST}/export", query),
        rest.get("/api/insight", query),
        rest.post(f"{LIST}/bulk-tags", body, format="json"),
        rest.post("/api/views", {"name": "Mine", "query": query}, format="json"),
    ):
        assert answer.status_code == 400
        assert answer.json()["field"] == name
    listed = client.get(
        "/admin/conversations/conversation/", {"q" if key == "search" else key: query[key] for key in query}
    )
    assert f"{name}: " in listed.content.decode()
    form = client.post(
        "/admin/conversations/savedview/add/", {"name": "Mine", "query": json.dumps(query)}
    ).context["adminform"]
    assert name in str(form.form.errors["query"])
    assert not SavedView.objects.exists()


def test_fifty_tags_and_two_hundred_letters_are_accepted(page, tags):
    viewer = api(member(page))
    row, other = ConversationFactory(page=page, sender_name="Ana"), ConversationFactory(page=page)
    tag_conversations([row.pk], tags[:50], actor=None)
    tag_conversations([other.pk], tags[1:51], actor=None)
    for parameters in (
        {"include_tags": joined(tags[:50]), "include_mode": "all"},
        {"include_tags": joined(tags[:49]), "exclude_tags": joined(tags[50:])},
        {"include_tags": joined([*tags[:25], *tags[:25]]), "exclude_tags": joined(tags[50:])},
    ):
        answer = viewer.get(LIST, parameters).json()
        assert [found["id"] for found in answer["conversations"]] == [row.pk]
        assert answer["pagination"]["total"] == 1
    both = viewer.get(LIST, {"include_tags": joined(tags[:50])}).json()
    assert sorted(found["id"] for found in both["conversations"]) == [row.pk, other.pk]
    assert both["pagination"]["total"] == 2
    assert viewer.get(LIST, {"search": "z" * 200}).json()["conversations"] == []


def searches(pages, tags):
    """Criteria that read as many branches as possible."""
    several, everything = tuple(page.pk for page in pages[:3]), tuple(page.pk for page in pages)
    for number in (1, 8, 25, 50):
        for match_all in (False, True):
            ids = tuple(tag.pk for tag in tags[:number])
            yield SearchCriteria(several, include=ids, include_all=match_all)
            yield SearchCriteria(several, include=ids, include_all=match_all, search="ana")
            yield SearchCriteria(everything, include=ids[1:], include_all=match_all, exclude=ids[:1])
    for more in ({}, {"status": "done"}, {"unread": True, "search": "ana"}, {"search": "ana"}):
        for page_ids in (several, everything):
            yield SearchCriteria(page_ids, **more)
            yield SearchCriteria(everything, all_pages=True, **more)


def test_no_statement_has_more_arms_than_the_planner_bears(tags):
    pages = [PageFactory() for _ in range(4)]
    for page in pages:  # large enough for the text index
        PageCount.objects.bulk_create(
            PageCount(page=page, facets=value, conversations=10**6) for value in facet_values()
        )
    with CaptureQueriesContext(connection) as captured:
        for criteria in searches(pages, tags):
            for after in (None, (NOON, 5)):
                results.read_page(criteria, total="none", limit=50, after=after)
            results.read_page(criteria, total="estimate", limit=50)
            adjacent.adjacent(criteria, (NOON, 5))
    arms = [query["sql"].count("UNION ALL") + 1 for query in captured]
    assert 20 < max(arms) <= MAX_ARMS
