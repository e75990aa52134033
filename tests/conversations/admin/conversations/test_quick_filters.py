"""Quick filters, saved views in the sidebar, and the number of new messages."""

import pytest

from conversations.models import SavedView
from conversations.search import new_messages
from tests.factories import NOON, ConversationFactory, EventFactory, PageFactory, TagFactory

LIST = "/admin/conversations/conversation/"
NEW_MESSAGES = f"{LIST}new-messages/"


def quick_links(client, **parameters) -> dict[str, tuple[str, bool]]:
    links = client.get(LIST, parameters).context["quick_filters"]
    return {link["title"].split()[0]: (link["query"], link["is_on"]) for link in links}


def test_quick_filters_combine_with_other_filters_and_can_be_removed(page, root):
    assert quick_links(root) == {
        "All": ("", True),
        "Mine": ("assignee=me", False),
        "Mentions": ("mentioned=me", False),
        "Unread": ("unread=true", False),
        "Untagged": ("tagging=untagged", False),
        "Needs": ("reply=waiting", False),
    }
    links = quick_links(root, status="active", q="ana", p="2", unread="true")
    assert links["All"] == ("status=active&q=ana", False)
    assert links["Unread"] == ("status=active&q=ana", True)
    assert links["Needs"] == ("status=active&q=ana&unread=true&reply=waiting", False)


def test_filter_finds_conversations_that_need_a_reply(page, root):
    for name, kind in (("Ana", "message_received"), ("Ben", "message_sent")):
        ConversationFactory(page=page, sender_name=name, last_message_time=NOON, last_message_kind=kind)
    shown = root.get(LIST, {"reply": "waiting"}).context["cl"].result_list
    assert [str(row) for row in shown] == ["Ana"]
    shown = root.get(LIST, {"reply": "not_waiting"}).context["cl"].result_list
    assert [str(row) for row in shown] == ["Ben"]


def views(response) -> list[tuple[str, bool]]:
    groups = response.context["sidebar_navigation"]
    [inbox] = [group for group in groups if group["title"] == "Inbox"]
    titles = [item["title"] for item in inbox["items"]]
    items = inbox["items"][titles.index("Conversations") + 1 : titles.index("Saved views")]
    return [(item["title"], item["active"]) for item in items]


def test_sidebar_lists_own_and_shared_views_and_marks_the_current_one(page, staff):
    anna, ben = staff("viewer"), staff("viewer")
    vip = TagFactory(name="VIP")
    query = {"include_tags": str(vip.pk), "waiting": "1"}
    SavedView.objects.create(name="<i>Late", owner=anna.user, query=query, page=page)
    SavedView.objects.create(name="Mine", owner=ben.user)
    SavedView.objects.create(name="Ours", owner=ben.user, is_shared=True, page=page)
    SavedView.objects.create(name="Theirs", owner=ben.user, is_shared=True, page=PageFactory())
    shared = (f"Ours ({ben.user})", False)
    shown = anna.get(LIST, {"include_tags": vip.pk, "reply": "waiting", "page": page.pk})
    assert views(shown) == [("&lt;i&gt;Late", True), shared]
    assert "<i>Late" not in shown.content.decode()
    assert views(anna.get(LIST, {"include_tags": vip.pk}))[0][1] is False
    assert views(anna.get(LIST, {"page": page.pk})) == [("&lt;i&gt;Late", False), (shared[0], True)]


def mark(client, **parameters) -> int:
    return client.get(LIST, parameters).context["newest_mark"]


def test_new_messages_are_counted_if_they_match_and_are_visible(page, staff):
    client = staff("viewer")
    old = ConversationFactory(page=page, sender_name="Ana", unread_count=1)
    EventFactory(conversation=old)
    after = mark(client)
    assert client.get(NEW_MESSAGES, {"after": after}).json() == {"new": 0, "many": False}
    EventFactory.create_batch(2, conversation=old)
    EventFactory(conversation=ConversationFactory(page=page, sender_name="Ben"))
    EventFactory(conversation=ConversationFactory())  # on an invisible Page
    EventFactory(conversation=ConversationFactory(page=page), kind="tag_added", graph_id=None)
    for filters, number in [({}, 2), ({"unread": "true"}, 1), ({"q": "ben"}, 1), ({"status": "x"}, 0)]:
        assert client.get(NEW_MESSAGES, {"after": after, **filters}).json()["new"] == number
    assert client.get(NEW_MESSAGES, {"after": "x"}).json()["new"] == 2


def test_count_of_new_messages_is_capped(page, root, monkeypatch):
    monkeypatch.setattr("conversations.admin.conversations.conversation_list.MAX_COUNTED", 1)
    monkeypatch.setattr(new_messages, "MAX_COUNTED", 1)
    for _ in range(3):
        EventFactory(conversation=ConversationFactory(page=page))
    assert root.get(NEW_MESSAGES, {"after": 0}).json() == {"new": 1, "many": True}


@pytest.mark.parametrize("parameters", [{"after": "0"}, {}])
def test_anonymous_users_get_no_count(client, db, parameters):
    assert client.get(NEW_MESSAGES, parameters).status_code == 302
