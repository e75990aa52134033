"""The conversation list: order, search, filters, pagination."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conversations.actions.tagging import tag_conversations
from conversations.admin import paginators
from conversations.lib.timeouts import TooSlow
from conversations.search import counts
from tests.factories import NOON, ConversationFactory, EventFactory, PageFactory, TagFactory

LIST = "/admin/conversations/conversation/"


def names(client, **parameters) -> list[str]:
    response = client.get(LIST, parameters)
    assert response.status_code == 200
    return [str(row) for row in response.context["cl"].result_list]


@pytest.fixture
def tags(db):
    return TagFactory(name="VIP"), TagFactory(name="Order")


@pytest.fixture
def three(page, tags):
    """Ana: VIP and Order, Ben: VIP, Cleo: none; Cleo wrote last."""
    ana, ben, cleo = (ConversationFactory(page=page, sender_name=name) for name in ("Ana", "Ben", "Cleo"))
    tag_conversations([ana.pk, ben.pk], tags[:1], actor=None)
    tag_conversations([ana.pk], tags[1:], actor=None)
    return ana, ben, cleo


def test_newest_come_first_and_conversations_without_a_time_last(page, root):
    for name, moment in (("old", NOON), ("never", None), ("tie", NOON)):
        ConversationFactory(page=page, sender_name=name, last_message_time=moment)
    assert names(root) == ["tie", "old", "never"]
    assert names(root, o="1") == ["tie", "old", "never"]


def test_search_ignores_case_and_accents(page, root):
    ConversationFactory(page=page, sender_name="José García")
    ConversationFactory(page=page)
    assert names(root, q="GARCIA") == ["José García"]


def test_filters_by_tags(three, tags, root):
    vip, order = (tag.pk for tag in tags)
    assert names(root, include_tags=vip) == ["Ben", "Ana"]
    assert names(root, include_tags=[vip, order]) == ["Ben", "Ana"]
    assert names(root, exclude_tags=order) == ["Cleo", "Ben"]
    assert names(root, include_tags=vip, exclude_tags=order) == ["Ben"]
    assert names(root, tagging="untagged") == ["Cleo"]
    assert names(root, tagging="tagged") == ["Ben", "Ana"]


def test_filters_by_page_status_unread_and_date(three, root):
    other = ConversationFactory(
        page=PageFactory(),
        sender_name="Dora",
        conversation_status="done",
        unread_count=2,
        last_message_time=NOON.replace(year=2020, hour=23, minute=59),
    )
    assert names(root, page=other.page_id) == ["Dora"]
    assert names(root, status="done") == ["Dora"]
    assert names(root, unread="true") == ["Dora"]
    assert names(root, unread="false") == ["Cleo", "Ben", "Ana"]
    assert names(root, date_to="2020-05-17") == ["Dora"]
    assert names(root, date_to="2020-05-16") == []
    assert names(root, date_from="2020-05-17", date_to="2020-12-31") == ["Dora"]
    assert names(root, date_from="2020-05-18") == ["Cleo", "Ben", "Ana"]


@pytest.mark.parametrize(
    "parameters",
    [
        {"include_tags": "x"},
        {"include_tags": "99999999999999999999"},
        {"page": "x"},
        {"status": "x"},
        {"tagging": "delete"},
        {"date_from": "yesterday"},
        {"date_to": "9999-12-31x"},
    ],
)
def test_invalid_filter_matches_nothing(three, root, parameters):
    assert names(root, **parameters) == []


def test_rows_show_page_unread_count_status_and_colored_tags(page, root):
    row = ConversationFactory(page=page, unread_count=4, last_message="x" * 500)
    tag_conversations([row.pk], [TagFactory(name="VIP", color="#b45309")], actor=None)
    text = root.get(LIST).content.decode()
    for part in ("Demo Shop", '<b class="inbox-unread">4</b>', "Open", "--tag: #b45309", "VIP"):
        assert part in text
    assert "x" * 100 not in text


def test_names_and_messages_are_escaped(page, root):
    ConversationFactory(page=page, sender_name="<script>a</script>", last_message="<img src=x>")
    text = root.get(LIST).content.decode()
    assert "<script>a" not in text
    assert "<img src=x" not in text


def test_count_is_limited_but_paging_is_not(page, root, monkeypatch):
    monkeypatch.setattr(counts, "MAX_EXACT", 60)
    for _ in range(130):
        ConversationFactory(page=page)
    assert "130 conversations" in " ".join(root.get(LIST).content.decode().split())  # this number is stored
    first = root.get(LIST, {"q": "customer"})
    assert re.search("about [0-9]+ conversations", " ".join(first.content.decode().split()))
    assert len(names(root, q="customer", p=2)) == 50
    last = root.get(LIST, {"q": "customer", "p": 3})
    assert len(last.context["cl"].result_list) == 30
    assert last.context["cl"].paginator.num_pages == 3


def test_no_query_counts_all_rows(page, root, django_assert_num_queries):
    ConversationFactory(page=page)
    with django_assert_num_queries(12) as queries:
        root.get(LIST)
    assert not [query["sql"] for query in queries if "count(*)" in query["sql"].lower()]
    with CaptureQueriesContext(connection) as queries:
        root.get(LIST, {"q": "customer"})
    [count] = [query["sql"] for query in queries if "count(*)" in query["sql"]]
    assert "LIMIT 10001" in count


def test_further_filters_of_the_rest_api(three, tags, root):
    vip, order = (tag.pk for tag in tags)
    EventFactory(conversation=three[1], text="only Ben said this")
    assert names(root, include_tags=[vip, order], include_mode="all") == ["Ana"]
    assert names(root, platform="instagram") == []
    assert names(root, platform="messenger", q="an") == ["Ana"]
    assert names(root, q="said this", search_in="messages") == ["Ben"]


def test_error_names_the_invalid_filter(three, root):
    assert "startDate" in root.get(LIST, {"date_from": "yesterday"}).content.decode()


def test_search_that_takes_too_long_shows_an_error(three, root, monkeypatch):
    def fail(*args):
        raise TooSlow

    monkeypatch.setattr(paginators, "count_estimate", fail)
    response = root.get(LIST, {"q": "ana"})
    assert response.status_code == 200
    assert "Type more letters" in response.content.decode()


def test_operation_is_undone_from_the_history_of_a_conversation(three, root, staff):
    ana = three[0]
    links = re.findall(
        "/admin/conversations/conversation/operations/[^/]+/undo/",
        root.get(f"{LIST}{ana.pk}/change/").content.decode(),
    )
    assert "Undo this change" in root.get(links[-1]).content.decode()
    assert staff("viewer").get(links[-1]).status_code == 403
    response = root.post(links[-1], follow=True)
    assert "Restored 2 conversations." in response.content.decode()
    assert [row.tag.name for row in ana.tag_rows.all()] == ["Order"]
