"""Quick filters, saved views in the sidebar, and word of what arrived."""

import pytest

from conversations.models import SavedView
from conversations.reading import news
from tests.factories import NOON, ConversationFactory, EventFactory, PageFactory, TagFactory

LIST = "/admin/conversations/conversation/"
NEWS = f"{LIST}news/"


def quick(client, **parameters) -> dict[str, tuple[str, bool]]:
    links = client.get(LIST, parameters).context["quick_filters"]
    return {link["title"].split()[0]: (link["query"], link["is_on"]) for link in links}


def test_quick_filters_combine_with_what_is_there_and_are_taken_off(page, root):
    assert quick(root) == {
        "All": ("", True),
        "Unread": ("reading=unread", False),
        "Untagged": ("tagging=untagged", False),
        "Waiting": ("reply=waiting", False),
    }
    links = quick(root, status="active", q="ana", p="2", reading="unread")
    assert links["All"] == ("status=active&q=ana", False)
    assert links["Unread"] == ("status=active&q=ana", True)
    assert links["Waiting"] == ("status=active&q=ana&reading=unread&reply=waiting", False)


def test_who_waits_for_us_is_found(page, root):
    for name, kind in (("Ana", "message_received"), ("Ben", "message_sent")):
        ConversationFactory(page=page, sender_name=name, last_message_time=NOON, last_message_kind=kind)
    shown = root.get(LIST, {"reply": "waiting"}).context["cl"].result_list
    assert [str(row) for row in shown] == ["Ana"]
    shown = root.get(LIST, {"reply": "not_waiting"}).context["cl"].result_list
    assert [str(row) for row in shown] == ["Ben"]


def views(answer) -> list[tuple[str, bool]]:
    groups = answer.context["sidebar_navigation"]
    items = [item for group in groups if group["title"] == "Views" for item in group["items"]]
    return [(item["title"], item["active"]) for item in items]


def test_own_and_shared_views_are_in_the_sidebar_and_the_current_one_is_marked(page, staff):
    anna, ben = staff("viewer"), staff("viewer")
    vip = TagFactory(name="VIP")
    query = {"include_tags": str(vip.pk), "waiting": "1"}
    SavedView.objects.create(name="<i>Late", owner=anna.user, query=query, page=page)
    SavedView.objects.create(name="Mine", owner=ben.user)
    SavedView.objects.create(name="Ours", owner=ben.user, is_shared=True)
    SavedView.objects.create(name="Theirs", owner=ben.user, is_shared=True, page=PageFactory())
    shared = (f"Ours ({ben.user})", False)
    shown = anna.get(LIST, {"include_tags": vip.pk, "reply": "waiting", "page": page.pk})
    assert views(shown) == [("&lt;i&gt;Late", True), shared]
    assert "<i>Late" not in shown.content.decode()
    assert views(anna.get(LIST, {"include_tags": vip.pk}))[0][1] is False
    assert views(anna.get(LIST)) == [("&lt;i&gt;Late", False), (shared[0], True)]


def mark(client, **parameters) -> int:
    return client.get(LIST, parameters).context["newest_mark"]


def test_what_arrived_is_counted_where_it_fits_the_filters_and_is_seen(page, staff):
    client = staff("viewer")
    old = ConversationFactory(page=page, sender_name="Ana", unread_count=1)
    EventFactory(conversation=old)
    after = mark(client)
    assert client.get(NEWS, {"after": after}).json() == {"new": 0, "many": False}
    EventFactory.create_batch(2, conversation=old)
    EventFactory(conversation=ConversationFactory(page=page, sender_name="Ben"))
    EventFactory(conversation=ConversationFactory())  # on a Page that is not seen
    EventFactory(conversation=ConversationFactory(page=page), kind="tag_added", graph_id=None)
    for filters, number in [({}, 2), ({"reading": "unread"}, 1), ({"q": "ben"}, 1), ({"status": "x"}, 0)]:
        assert client.get(NEWS, {"after": after, **filters}).json()["new"] == number
    assert client.get(NEWS, {"after": "x"}).json()["new"] == 2


def test_of_very_many_it_is_said_that_they_are_many(page, root, monkeypatch):
    monkeypatch.setattr("conversations.admin.conversations.MOST", 1)
    monkeypatch.setattr(news, "MOST", 1)
    for _ in range(3):
        EventFactory(conversation=ConversationFactory(page=page))
    assert root.get(NEWS, {"after": 0}).json() == {"new": 1, "many": True}


@pytest.mark.parametrize("parameters", [{"after": "0"}, {}])
def test_strangers_hear_nothing(client, db, parameters):
    assert client.get(NEWS, parameters).status_code == 302
