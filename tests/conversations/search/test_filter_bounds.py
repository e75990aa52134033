"""One filter cannot ask more of the database than a person needs, whichever door it comes through."""

from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conversations.actions.tagging import tag_conversations
from conversations.models import SavedView
from conversations.models.facets import facet_values
from conversations.models.search import PageCount
from conversations.search import adjacent, list_sql, planner, results
from conversations.search.criteria import NOBODY, SearchCriteria
from tests.factories import (
    NOON,
    ConversationFactory,
    EventFactory,
    PageFactory,
    TagFactory,
    api,
    member,
    superuser,
)

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
    fields = {key: text.split(",") if key.endswith("_tags") else text for key, text in query.items()}
    form = client.post("/admin/conversations/savedview/add/", {"name": "Mine", **fields}).context["adminform"]
    assert name in form.form.errors
    assert not SavedView.objects.exists()


IGNORED = ["\u200b", "\u0301\u200d", "\ufe0f", "\u2066\u2069", "ـ", " \u00ad\t"]


@pytest.mark.parametrize("parameters", [{}, {"search_in": "messages"}], ids=["list", "messages"])
@pytest.mark.parametrize("search", IGNORED, ids=ascii)
def test_a_search_of_ignored_characters_alone_selects_nothing_at_any_door(search, parameters, page, client):
    row = ConversationFactory(page=page, sender_name="Ana \u200bـ", last_message="\ufe0f \u0301")
    EventFactory(conversation=row, text=row.last_message)
    tag, rest, query = TagFactory(), api(superuser()), {"search": search, **parameters}
    client.force_login(superuser())
    for total in ("exact", "estimate", "none"):
        listed = rest.get(LIST, {**query, "total": total}).json()
        assert (listed["conversations"], listed["pagination"]["total"] or 0) == ([], 0)
    exported = rest.get(f"{LIST}/export", {**query, "format": "ndjson"})
    assert b"".join(exported.streaming_content) == b""
    assert rest.get("/api/insight", query).json()["insight"]["conversations"] == 0
    for verb, more in (
        ("bulk-tags", {"tagIds": [tag.pk], "action": "assign"}),
        ("bulk-status", {"conversation_status": "done"}),
    ):
        for dry_run in (True, False):
            body = {"filter": query, "dry_run": dry_run, **more}
            changed = rest.post(f"{LIST}/{verb}", body, format="json").json()
            assert (changed["matched"], changed["changed"]) == (0, 0)
    view = rest.post("/api/views", {"name": "Mine", "query": query}, format="json").json()["view"]
    assert rest.get(view["address"]).json()["conversations"] == []
    listed = client.get("/admin/conversations/conversation/", {"q": search, **parameters})
    assert row.sender_name not in listed.content.decode()
    action = {"action": "mark_done", "select_across": "1", "_selected_action": [row.pk], "confirmed": "1"}
    client.post(f"/admin/conversations/conversation/?{urlencode({'q': search, **parameters})}", action)
    row.refresh_from_db()
    assert row.conversation_status == "active"


@pytest.mark.parametrize("blank", ["", " ", "\t", "\u00a0", "\u3000\n", " , ", "\t,\u2003"], ids=ascii)
@pytest.mark.parametrize(
    "name",
    ["search", "include_tags", "exclude_tags", "startDate", "untagged", "status", "tz", "facebookPageId"],
)
def test_a_bulk_filter_of_white_space_alone_is_refused(name, blank, page):
    """The list ignores an empty parameter; here that would change everything."""
    row = ConversationFactory(page=page)
    body = {"filter": {name: blank}, "conversation_status": "done"}
    answer = api(superuser()).post(f"{LIST}/bulk-status", body, format="json")
    assert (answer.status_code, name in answer.json()["error"]) == (400, True)
    row.refresh_from_db()
    assert row.conversation_status == "active"


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
    work = [{"assignee": 5}, {"assignee": 5, "search": "ana"}, {"assignee": NOBODY, "snoozed": False}]
    work += [{"mentioned": 5, "snoozed": True}, {"has_note": True, "search": "ana", "unread": True}]
    for more in ({}, {"status": "done"}, {"unread": True, "search": "ana"}, {"search": "ana"}, *work):
        for page_ids in (several, everything):
            yield SearchCriteria(page_ids, **more)
            yield SearchCriteria(everything, all_pages=True, **more)


@pytest.mark.parametrize("is_large", [False, True], ids=["few rows", "many rows"])
def test_no_statement_has_more_arms_than_the_planner_bears(tags, is_large, monkeypatch):
    def as_if_large(*arguments):
        return 10**6, planner.cheapest(*arguments)[1]

    if is_large:
        monkeypatch.setattr(list_sql, "cheapest", as_if_large)
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
