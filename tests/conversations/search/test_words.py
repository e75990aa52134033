"""Filters as people type them."""

import pytest

from conversations.search.words import InvalidWord, parse_words
from tests.factories import ConversationFactory, PageFactory, TagFactory, api, member, superuser

LIST = "/api/conversations"
TEXT = 'say "good morning" -5 10:30 5" http://a.test Re: x'


@pytest.fixture
def tags(db):
    return [TagFactory(name=name) for name in ("VIP", "Late payer", "a, b")]


@pytest.fixture
def root(db):
    return api(superuser())


@pytest.mark.parametrize(
    ("text", "parameters"),
    [
        ("", {}),
        ("blue dress", {"search": "blue dress"}),
        (
            "is:unread -is:done has:photo from:page in:messages platform:instagram ad:238",
            {
                "unread": "true",
                "status": "active",
                "has_attachment": "image",
                "last_message_from": "page",
                "search_in": "messages",
                "platform": "instagram",
                "ad_id": "238",
            },
        ),
        ("-has:attachment IS:Waiting", {"has_attachment": "false", "waiting": "true"}),
        ("before:2024-05", {"endDate": "2024-04-30"}),
        ("after:2024-05 before:2024-06", {"startDate": "2024-05-01", "endDate": "2024-05-31"}),
        ("on:2024-02", {"startDate": "2024-02-01", "endDate": "2024-02-29"}),
        ("on:2024", {"startDate": "2024-01-01", "endDate": "2024-12-31"}),
        ("before:2024-05-17", {"endDate": "2024-05-16"}),
        ('"tag:vip" is:read', {"search": "tag:vip", "unread": "false"}),
        (TEXT, {"search": TEXT.replace('"good morning"', "good morning")}),
    ],
)
def test_words_stand_for_parameters(text, parameters):
    assert parse_words(text) == parameters


@pytest.mark.parametrize(
    ("text", "parameters"),
    [
        ("tag:vip -tag:late-payer", {"include_tags": "vip", "exclude_tags": "late-payer"}),
        ('tag:"Late payer" tag:VIP', {"include_tags": "late-payer,vip", "include_mode": "all"}),
        ('tag:vip,"late PAYER"', {"include_tags": "vip,late-payer"}),
        ('tag:"a, b"', {"include_tags": "a-b"}),
    ],
)
def test_tags_have_slugs_and_names(tags, text, parameters):
    assert parse_words(text) == parameters


@pytest.mark.parametrize(
    ("text", "word", "reason"),
    [
        ("red tag:nobody", "tag:nobody", "There is no tag 'nobody'."),
        ("tag:", "tag:", "Enter the name of a tag"),
        ("tag:vip,vip tag:vip", "tag:vip,vip", "either one word"),
        ("is:new", "is:new", "is:unread"),
        ("-has:photo", "-has:photo", "Only -has:attachment"),
        ("from:me", "from:me", "from:customer, from:page"),
        ("-from:page", "-from:page", "minus"),
        ("before:yesterday", "before:yesterday", "a day (2024-05-31)"),
        ("on:2024-02-30", "on:2024-02-30", "a day (2024-05-31)"),
        ("ad:", "ad:", "Enter the ID"),
        ("order:17", "order:17", "in quotes"),
        ("is:open is:done", "is:done", "It contradicts 'is:open'."),
        ("before:2024 on:2023-05", "on:2023-05", "It contradicts 'before:2024'."),
    ],
)
def test_errors_name_the_word(tags, text, word, reason):
    with pytest.raises(InvalidWord) as error:
        parse_words(text)
    assert str(error.value).startswith(f"{word!r}: ")
    assert reason in str(error.value)


def test_lists_bulk_filters_and_views_take_words(tags, root):
    page = PageFactory()
    ConversationFactory(page=page, sender_name="Ana", unread_count=2, last_message_kind="message_sent")
    ConversationFactory(page=page, sender_name="Ben", unread_count=2)

    def listed(**parameters):
        answer = root.get(LIST, parameters).json()
        assert "conversations" in answer, answer
        return [row["sender_name"] for row in answer["conversations"]]

    assert listed(q="is:unread from:page") == ["Ana"]
    assert listed(q="is:unread be", status="active") == ["Ben"]
    assert listed(q=" ") == ["Ben", "Ana"]
    body = {"filter": {"q": "from:page"}, "tagIds": [tags[0].pk], "action": "assign"}
    assert root.post(f"{LIST}/bulk-tags", body, format="json").json()["changed"] == 1
    view = {"name": "Answered", "query": {"q": "tag:vip"}}
    saved = root.post("/api/views", view, format="json").json()["view"]
    assert listed(**saved["query"]) == ["Ana"]


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ({"q": "tag:nobody"}, "tag:nobody"),
        ({"q": "in:messages ab"}, "at least 3 letters"),
        ({"q": "x" * 501}, "at most 500"),
        ({"q": "is:read", "unread": "true"}, "Give unread either"),
    ],
)
def test_errors_of_words_are_those_of_q(root, query, error):
    for route in (LIST, "/api/insight"):
        answer = root.get(route, query)
        assert (answer.status_code, answer.json()["field"]) == (400, "q")
        assert error in answer.json()["error"]


@pytest.mark.parametrize("words", ["in:messages", '""', "tag:nobody"])
def test_words_that_select_everything_are_no_bulk_filter(tags, root, words):
    body = {"filter": {"q": words}, "tagIds": [tags[0].pk], "action": "assign"}
    answer = root.post(f"{LIST}/bulk-tags", body, format="json")
    assert (answer.status_code, answer.json()["field"]) == (400, "filter")


def test_filter_route_tells_the_parameters(tags):
    signed_in = api(member(PageFactory()))
    answer = signed_in.get("/api/filter", {"q": "tag:vip is:unread blue dress"})
    assert answer.json() == {"filter": {"unread": "true", "search": "blue dress", "include_tags": "vip"}}
    assert signed_in.get("/api/filter").json() == {"filter": {}}
    assert signed_in.get("/api/filter", {"q": "is:x"}).json()["field"] == "q"
