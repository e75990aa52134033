"""The list: order, search, filters, numbers of pages."""

import pytest

from conversations.admin import counting
from conversations.tagging import tag_conversations
from tests.factories import NOON, ConversationFactory, PageFactory, TagFactory

LIST = "/admin/conversations/conversation/"


def shown(client, **parameters) -> list[str]:
    answer = client.get(LIST, parameters)
    assert answer.status_code == 200
    return [str(row) for row in answer.context["cl"].result_list]


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


def test_newest_come_first_and_those_without_a_time_last(page, root):
    for name, moment in (("old", NOON), ("never", None), ("tie", NOON)):
        ConversationFactory(page=page, sender_name=name, last_message_time=moment)
    assert shown(root) == ["tie", "old", "never"]
    assert shown(root, o="1") == ["tie", "old", "never"]


def test_search_is_folded(page, root):
    ConversationFactory(page=page, sender_name="José García")
    ConversationFactory(page=page)
    assert shown(root, q="GARCIA") == ["José García"]


def test_filters_by_tags(three, tags, root):
    vip, order = (tag.pk for tag in tags)
    assert shown(root, include_tags=vip) == ["Ben", "Ana"]
    assert shown(root, include_tags=[vip, order]) == ["Ben", "Ana"]
    assert shown(root, exclude_tags=order) == ["Cleo", "Ben"]
    assert shown(root, include_tags=vip, exclude_tags=order) == ["Ben"]
    assert shown(root, tagging="untagged") == ["Cleo"]
    assert shown(root, tagging="tagged") == ["Ben", "Ana"]


def test_filters_by_page_status_reading_and_date(three, root):
    other = ConversationFactory(
        page=PageFactory(),
        sender_name="Dora",
        conversation_status="done",
        unread_count=2,
        last_message_time=NOON.replace(year=2020, hour=23, minute=59),
    )
    assert shown(root, page=other.page_id) == ["Dora"]
    assert shown(root, status="done") == ["Dora"]
    assert shown(root, reading="unread") == ["Dora"]
    assert shown(root, reading="read") == ["Cleo", "Ben", "Ana"]
    assert shown(root, date_to="2020-05-17") == ["Dora"]
    assert shown(root, date_to="2020-05-16") == []
    assert shown(root, date_from="2020-05-17", date_to="2020-12-31") == ["Dora"]
    assert shown(root, date_from="2020-05-18") == ["Cleo", "Ben", "Ana"]


@pytest.mark.parametrize(
    "nonsense",
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
def test_what_a_filter_does_not_understand_finds_nothing(three, root, nonsense):
    assert shown(root, **nonsense) == []


def test_rows_show_page_unread_status_and_coloured_tags(page, root):
    row = ConversationFactory(page=page, unread_count=4, last_message="x" * 500)
    tag_conversations([row.pk], [TagFactory(name="VIP", color="#b45309")], actor=None)
    text = root.get(LIST).content.decode()
    for part in ("Demo Shop", '<b class="inbox-unread">4</b>', "Active", "--tag: #b45309", "VIP"):
        assert part in text
    assert "x" * 100 not in text


def test_names_and_messages_are_escaped(page, root):
    ConversationFactory(page=page, sender_name="<script>a</script>", last_message="<img src=x>")
    text = root.get(LIST).content.decode()
    assert "<script>a" not in text
    assert "<img src=x" not in text


def test_counting_ends_but_paging_goes_on(page, root, monkeypatch):
    monkeypatch.setattr(counting, "EXACT", 60)
    for _ in range(130):
        ConversationFactory(page=page)
    first = root.get(LIST)
    assert "60+" in first.content.decode()
    assert first.context["cl"].paginator.num_pages == 2
    assert len(shown(root, p=2)) == 50
    last = root.get(LIST, {"p": 3})
    assert last.context["cl"].result_count == 130
    assert "130 conversations" in " ".join(last.content.decode().split())


def test_no_query_counts_all_rows(page, root, django_assert_num_queries):
    ConversationFactory(page=page)
    with django_assert_num_queries(9) as queries:
        root.get(LIST)
    counts = [query["sql"] for query in queries if "COUNT(" in query["sql"]]
    assert len(counts) == 1
    assert "LIMIT 1001" in counts[0]
