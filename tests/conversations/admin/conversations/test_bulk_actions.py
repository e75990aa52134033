"""Bulk actions change the selected conversations, or all that match the filters."""

import pytest
from django.utils.html import strip_tags

from conversations.actions import bulk_operations
from conversations.actions.tagging import tag_conversations
from conversations.models import BulkOperation, Conversation, ConversationTag, InteractionEvent
from tests.factories import ConversationFactory, PageFactory, PageMemberFactory, TagFactory

LIST = "/admin/conversations/conversation/"


@pytest.fixture
def vip(db):
    return TagFactory(name="VIP")


def run_action(client, action: str, *, rows=(), across=False, query="", **form):
    data = {
        "action": action,
        "select_across": int(across),
        "_selected_action": [row.pk for row in rows],
        "index": 0,
        **form,
    }
    return client.post(LIST + query, data, follow=True)


def messages_of(response) -> list[str]:
    return [strip_tags(str(message)) for message in response.context["messages"]]


def test_add_tags_asks_for_tags_and_adds_them_to_the_selection(page, staff, vip):
    rows = [ConversationFactory(page=page) for _ in range(3)]
    client = staff("tagger")
    form_page = run_action(client, "add_tags", rows=rows[:2])
    assert "VIP" in form_page.content.decode()
    assert not ConversationTag.objects.exists()
    response = run_action(client, "add_tags", rows=rows[:2], confirmed=1, tags=[vip.pk])
    assert messages_of(response) == ["Tagged 2 conversations. Undo"]
    assert set(ConversationTag.objects.values_list("conversation", flat=True)) == {r.pk for r in rows[:2]}
    events = InteractionEvent.objects.all()
    assert {(event.kind, event.actor) for event in events} == {("tag_added", client.user)}
    assert len({event.data["act"] for event in events}) == 1


def test_add_tags_changes_exactly_the_matches_of_the_filters(page, staff, vip):
    urgent = TagFactory(name="Urgent")
    rows = [ConversationFactory(page=page) for _ in range(60)]
    foreign = ConversationFactory()
    tag_conversations([row.pk for row in rows[:57]], [urgent], actor=None)
    before = InteractionEvent.objects.count()
    response = run_action(
        staff("tagger"),
        "add_tags",
        rows=rows[:1],
        across=True,
        query=f"?include_tags={urgent.pk}",
        confirmed=1,
        tags=[vip.pk],
    )
    assert messages_of(response) == ["Tagged 57 conversations. Undo"]
    tagged = set(ConversationTag.objects.filter(tag=vip).values_list("conversation", flat=True))
    assert tagged == {row.pk for row in rows[:57]}
    assert foreign.pk not in tagged
    events = InteractionEvent.objects.order_by("pk")[before:]
    assert len(events) == 57
    assert len({event.data["act"] for event in events}) == 1


def test_form_shows_the_number_and_keeps_the_selection(page, root, vip):
    rows = [ConversationFactory(page=page) for _ in range(60)]
    text = " ".join(run_action(root, "add_tags", rows=rows[:1], across=True).content.decode().split())
    assert "All that match the filters: <b>60</b> conversations." in text
    assert 'name="select_across" value="1"' in text
    text = run_action(root, "remove_tags", rows=rows[:2]).content.decode()
    assert text.count('name="_selected_action"') == 2


def test_remove_tags_reports_unchanged_conversations(page, staff, vip):
    rows = [ConversationFactory(page=page) for _ in range(3)]
    tag_conversations([rows[0].pk], [vip], actor=None)
    response = run_action(
        staff("tagger"), "remove_tags", rows=rows[:1], across=True, confirmed=1, tags=[vip.pk]
    )
    assert messages_of(response) == ["Removed tags from 1 conversation. 2 conversations unchanged. Undo"]
    assert not ConversationTag.objects.exists()
    assert InteractionEvent.objects.filter(kind="tag_removed").count() == 1


def test_status_actions_write_events(page, staff):
    rows = [ConversationFactory(page=page) for _ in range(2)]
    response = run_action(staff("tagger"), "mark_done", rows=rows)
    assert messages_of(response) == ["Marked as done: 2 conversations. Undo"]
    assert set(Conversation.objects.values_list("conversation_status", flat=True)) == {"done"}
    assert InteractionEvent.objects.filter(kind="status_changed").count() == 2
    form_page = run_action(staff("tagger"), "reopen", rows=rows[:1], across=True)
    assert "2</b> conversations. <b>2</b> would change." in form_page.content.decode()
    assert set(Conversation.objects.values_list("conversation_status", flat=True)) == {"done"}
    run_action(staff("tagger"), "reopen", rows=rows[:1], across=True, confirmed=1)
    assert set(Conversation.objects.values_list("conversation_status", flat=True)) == {"active"}


def test_form_without_a_tag_is_shown_again(page, root, vip):
    row = ConversationFactory(page=page)
    response = run_action(root, "add_tags", rows=[row], confirmed=1)
    assert "This field is required." in response.content.decode()


def test_viewers_have_no_actions_and_are_rejected(page, staff, vip):
    row = ConversationFactory(page=page)
    client = staff("viewer")
    text = client.get(LIST).content.decode()
    assert "add_tags" not in text
    assert "_selected_action" not in text
    for action in ("add_tags", "remove_tags", "mark_done", "reopen"):
        assert run_action(client, action, rows=[row], confirmed=1, tags=[vip.pk]).status_code == 403
    assert not InteractionEvent.objects.exists()


def test_nothing_is_changed_if_the_user_only_views_one_of_the_pages(page, staff, vip):
    client = staff("tagger")
    viewed = PageFactory(name="Other shop")
    PageMemberFactory(page=viewed, user=client.user, role="viewer")
    rows = [ConversationFactory(page=page), ConversationFactory(page=viewed)]
    response = run_action(client, "add_tags", rows=rows, confirmed=1, tags=[vip.pk])
    assert "You can only view conversations of Other shop" in messages_of(response)[0]
    assert (
        "Nothing was changed" in messages_of(run_action(client, "mark_done", rows=rows[:1], across=True))[0]
    )
    assert not InteractionEvent.objects.exists()


def test_invisible_conversation_in_the_selection_is_not_changed(page, staff, vip):
    row, foreign = ConversationFactory(page=page), ConversationFactory()
    run_action(staff("tagger"), "add_tags", rows=[row, foreign], confirmed=1, tags=[vip.pk])
    assert list(ConversationTag.objects.values_list("conversation", flat=True)) == [row.pk]


def test_many_conversations_are_changed_in_slices_with_a_page_of_their_progress(
    page, staff, root, monkeypatch
):
    monkeypatch.setattr(bulk_operations, "MAX_AT_ONCE", 1)
    ids = [ConversationFactory(page=page).pk for _ in range(2)]
    tagger, changelist = staff("tagger"), "/admin/conversations/conversation/"
    body = {"action": "mark_done", "_selected_action": ids}
    shown = tagger.post(changelist, body, follow=True).content.decode()
    address = f"{changelist}operations/{BulkOperation.objects.get().operation}/"
    assert address in shown
    assert "<progress" in tagger.get(address).content.decode()
    assert staff("tagger").get(address).status_code == 404
    bulk_operations.work()
    assert "Marked as done: 2 conversations." in root.get(address).content.decode()
    assert "Show the progress" in root.post(f"{address}undo/", follow=True).content.decode()
