"""Many at once: the selection, or all that match the filters."""

import pytest
from django.utils.html import strip_tags

from conversations.models import Conversation, ConversationTag, InteractionEvent
from conversations.tagging import tag_conversations
from tests.factories import ConversationFactory, PageFactory, PageMemberFactory, TagFactory

LIST = "/admin/conversations/conversation/"


@pytest.fixture
def vip(db):
    return TagFactory(name="VIP")


def act(client, action: str, *, rows=(), across=False, query="", **form):
    data = {
        "action": action,
        "select_across": int(across),
        "_selected_action": [row.pk for row in rows],
        "index": 0,
        **form,
    }
    return client.post(LIST + query, data, follow=True)


def told(answer) -> list[str]:
    return [strip_tags(str(message)) for message in answer.context["messages"]]


def test_tags_are_asked_for_and_put_on_the_selection(page, staff, vip):
    rows = [ConversationFactory(page=page) for _ in range(3)]
    client = staff("tagger")
    asked = act(client, "add_tags", rows=rows[:2])
    assert "VIP" in asked.content.decode()
    assert not ConversationTag.objects.exists()
    answer = act(client, "add_tags", rows=rows[:2], asked=1, tags=[vip.pk])
    assert told(answer) == ["Tagged 2 conversations. Undo"]
    assert set(ConversationTag.objects.values_list("conversation", flat=True)) == {r.pk for r in rows[:2]}
    events = InteractionEvent.objects.all()
    assert {(event.kind, event.actor) for event in events} == {("tag_added", client.user)}
    assert len({event.data["act"] for event in events}) == 1


def test_all_that_match_the_filters_are_tagged_and_no_others(page, staff, vip):
    urgent = TagFactory(name="Urgent")
    rows = [ConversationFactory(page=page) for _ in range(60)]
    strangers = ConversationFactory()
    tag_conversations([row.pk for row in rows[:57]], [urgent], actor=None)
    before = InteractionEvent.objects.count()
    answer = act(
        staff("tagger"),
        "add_tags",
        rows=rows[:1],
        across=True,
        query=f"?include_tags={urgent.pk}",
        asked=1,
        tags=[vip.pk],
    )
    assert told(answer) == ["Tagged 57 conversations. Undo"]
    tagged = set(ConversationTag.objects.filter(tag=vip).values_list("conversation", flat=True))
    assert tagged == {row.pk for row in rows[:57]}
    assert strangers.pk not in tagged
    events = InteractionEvent.objects.order_by("pk")[before:]
    assert len(events) == 57
    assert len({event.data["act"] for event in events}) == 1


def test_the_form_says_how_many_and_keeps_the_choice(page, root, vip):
    rows = [ConversationFactory(page=page) for _ in range(60)]
    text = " ".join(act(root, "add_tags", rows=rows[:1], across=True).content.decode().split())
    assert "All that match the filters: <b>60</b> conversations." in text
    assert 'name="select_across" value="1"' in text
    text = act(root, "remove_tags", rows=rows[:2]).content.decode()
    assert text.count('name="_selected_action"') == 2


def test_tags_are_removed_and_what_needed_no_change_is_said(page, staff, vip):
    rows = [ConversationFactory(page=page) for _ in range(3)]
    tag_conversations([rows[0].pk], [vip], actor=None)
    answer = act(staff("tagger"), "remove_tags", rows=rows[:1], across=True, asked=1, tags=[vip.pk])
    assert told(answer) == ["Removed tags from 1 conversation. 2 conversations needed no change. Undo"]
    assert not ConversationTag.objects.exists()
    assert InteractionEvent.objects.filter(kind="tag_removed").count() == 1


def test_status_is_set_with_an_event(page, staff):
    rows = [ConversationFactory(page=page) for _ in range(2)]
    answer = act(staff("tagger"), "mark_done", rows=rows)
    assert told(answer) == ["Marked as done: 2 conversations. Undo"]
    assert set(Conversation.objects.values_list("conversation_status", flat=True)) == {"done"}
    assert InteractionEvent.objects.filter(kind="status_changed").count() == 2
    asked = act(staff("tagger"), "mark_active", rows=rows[:1], across=True)
    assert "2</b> conversations. <b>2</b> would change." in asked.content.decode()
    assert set(Conversation.objects.values_list("conversation_status", flat=True)) == {"done"}
    act(staff("tagger"), "mark_active", rows=rows[:1], across=True, asked=1)
    assert set(Conversation.objects.values_list("conversation_status", flat=True)) == {"active"}


def test_without_a_tag_the_form_comes_again(page, root, vip):
    row = ConversationFactory(page=page)
    answer = act(root, "add_tags", rows=[row], asked=1)
    assert "This field is required." in answer.content.decode()


def test_viewers_have_no_action_and_are_refused(page, staff, vip):
    row = ConversationFactory(page=page)
    client = staff("viewer")
    text = client.get(LIST).content.decode()
    assert "add_tags" not in text
    assert "_selected_action" not in text
    for action in ("add_tags", "remove_tags", "mark_done", "mark_active"):
        assert act(client, action, rows=[row], asked=1, tags=[vip.pk]).status_code == 403
    assert not InteractionEvent.objects.exists()


def test_where_one_may_only_look_nothing_is_changed(page, staff, vip):
    client = staff("tagger")
    looked_at = PageFactory(name="Other shop")
    PageMemberFactory(page=looked_at, user=client.user, role="viewer")
    rows = [ConversationFactory(page=page), ConversationFactory(page=looked_at)]
    answer = act(client, "add_tags", rows=rows, asked=1, tags=[vip.pk])
    assert "on Other shop you may only look" in told(answer)[0]
    assert "Nothing was changed" in told(act(client, "mark_done", rows=rows[:1], across=True))[0]
    assert not InteractionEvent.objects.exists()


def test_a_strangers_conversation_in_the_selection_is_not_touched(page, staff, vip):
    row, strangers = ConversationFactory(page=page), ConversationFactory()
    act(staff("tagger"), "add_tags", rows=[row, strangers], asked=1, tags=[vip.pk])
    assert list(ConversationTag.objects.values_list("conversation", flat=True)) == [row.pk]
