import uuid

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from conversations.actions import tagging
from conversations.actions.status import set_status
from conversations.actions.tagging import (
    TagChanged,
    TagInUse,
    delete_tag,
    replace_tags,
    tag_conversations,
    untag_conversations,
)
from conversations.actions.targets import targets_of_operation
from conversations.actions.undoing import undo
from conversations.lib.locks import ROWS
from conversations.models import Conversation, ConversationTag, InteractionEvent
from tags.models import Tag
from tests.factories import ConversationFactory, PageFactory, TagFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def actor():
    return UserFactory()


@pytest.fixture
def ann():
    return ConversationFactory()


@pytest.fixture
def ben():
    return ConversationFactory()


@pytest.fixture
def vip():
    return TagFactory(name="VIP")


@pytest.fixture
def late():
    return TagFactory(name="Late")


def pairs() -> set[tuple[int, int]]:
    return set(ConversationTag.objects.values_list("conversation_id", "tag_id"))


def tag_events() -> list[tuple[int, str, str]]:
    rows = InteractionEvent.objects.order_by("pk")
    return [(row.conversation_id, row.kind, row.data["name"]) for row in rows]


def test_tagging_returns_the_conversations_that_changed(ann, ben, vip, actor):
    assert tag_conversations([ann.pk], [vip], actor=actor) == {ann.pk}
    assert tag_conversations([ann.pk, ben.pk], [vip], actor=actor) == {ben.pk}
    assert tag_conversations([ann.pk, ben.pk], [vip], actor=actor) == set()
    assert pairs() == {(ann.pk, vip.pk), (ben.pk, vip.pk)}
    assert tag_events() == [(ann.pk, "tag_added", "VIP"), (ben.pk, "tag_added", "VIP")]


def test_tag_row_has_copies_of_page_and_time(ann, vip, actor):
    tag_conversations([ann.pk], [vip], actor=actor)
    row = ConversationTag.objects.get()
    assert (row.page, row.last_message_time, row.actor) == (ann.page, ann.last_message_time, actor)


def test_changes_of_one_operation_share_its_uuid(ann, ben, vip, late, actor):
    operation = uuid.uuid4()
    tag_conversations([ann.pk], [vip], actor=actor)
    replace_tags([ann.pk, ben.pk], [late], actor=actor, operation=operation)
    events = InteractionEvent.objects.filter(data__act=str(operation))
    assert sorted(events.values_list("kind", flat=True)) == ["tag_added", "tag_added", "tag_removed"]
    assert {row.act for row in ConversationTag.objects.all()} == {operation}


def test_untagging_returns_the_conversations_that_changed(ann, ben, vip, late, actor):
    tag_conversations([ann.pk], [vip, late], actor=actor)
    assert untag_conversations([ann.pk, ben.pk], [vip], actor=actor) == {ann.pk}
    assert untag_conversations([ann.pk, ben.pk], [vip], actor=actor) == set()
    assert pairs() == {(ann.pk, late.pk)}
    assert tag_events()[2:] == [(ann.pk, "tag_removed", "VIP")]


def test_replacing_tags_changes_only_what_differs(ann, ben, vip, late, actor):
    tag_conversations([ann.pk], [vip, late], actor=actor)
    tag_conversations([ben.pk], [late], actor=actor)
    kept = set(ConversationTag.objects.filter(tag=late).values_list("pk", flat=True))
    assert replace_tags([ann.pk, ben.pk], [late], actor=actor) == {ann.pk}
    assert set(ConversationTag.objects.values_list("pk", flat=True)) == kept
    assert replace_tags([ann.pk, ben.pk], [], actor=actor) == {ann.pk, ben.pk}
    assert pairs() == set()


def test_unknown_conversations_and_empty_lists_change_nothing(ann, vip, actor):
    assert tag_conversations([ann.pk + 1000], [vip], actor=actor) == set()
    assert tag_conversations([], [vip], actor=actor) == set()
    assert tag_conversations([ann.pk], [], actor=actor) == set()
    assert tag_events() == []


def test_tag_in_use_is_deleted_only_by_force_and_with_events(ann, ben, vip, late, actor):
    tag_conversations([ann.pk, ben.pk], [vip, late], actor=actor)
    with pytest.raises(TagInUse) as error:
        delete_tag(vip, force=False, actor=actor)
    assert error.value.conversations == 2
    delete_tag(vip, force=True, actor=actor)
    assert list(Tag.objects.all()) == [late]
    assert pairs() == {(ann.pk, late.pk), (ben.pk, late.pk)}
    assert set(tag_events()[4:]) == {(ann.pk, "tag_removed", "VIP"), (ben.pk, "tag_removed", "VIP")}


@pytest.mark.parametrize(
    "write",
    [
        lambda row, tag: tag_conversations([row.pk], [tag], actor=None),
        lambda row, tag: untag_conversations([row.pk], [tag], actor=None),
        lambda row, tag: replace_tags([row.pk], [tag], actor=None),
        lambda row, tag: [
            tag_conversations([row.pk], [tag], actor=None),
            delete_tag(tag, force=True, actor=None),
        ],
    ],
)
def test_writers_hold_the_lock_of_the_page(ann, vip, write):
    PageFactory()
    with transaction.atomic():
        write(ann, vip)
        with connection.cursor() as cursor:
            cursor.execute("SELECT classid, objid FROM pg_locks WHERE locktype = 'advisory'")
            assert (ROWS, ann.page_id) in cursor.fetchall()


def test_a_deleted_tag_locks_its_row_and_only_pages_that_have_it(ann, vip):
    other = PageFactory()
    tag_conversations([ann.pk], [vip], actor=None)
    with transaction.atomic(), connection.cursor() as cursor:
        with CaptureQueriesContext(connection) as queries:
            delete_tag(vip, force=True, actor=None)
        assert any("tags_tag" in query["sql"] and "FOR UPDATE" in query["sql"] for query in queries)
        cursor.execute("SELECT objid FROM pg_locks WHERE locktype = 'advisory' AND classid = %s", [ROWS])
        assert other.pk not in {key for (key,) in cursor.fetchall()}


def test_a_tag_that_comes_to_another_page_meanwhile_is_not_deleted(ann, vip, monkeypatch):
    tag_conversations([ann.pk], [vip], actor=None)

    def lock_late(page_ids):
        monkeypatch.undo()
        tag_conversations([ConversationFactory().pk], [vip], actor=None)

    monkeypatch.setattr(tagging, "lock_rows", lock_late)
    with pytest.raises(TagChanged), transaction.atomic():
        delete_tag(vip, force=True, actor=None)
    delete_tag(vip, force=True, actor=None)
    with pytest.raises(TagChanged), transaction.atomic():
        delete_tag(vip, force=True, actor=None)


@pytest.mark.parametrize("few", [tagging.FEW, 0], ids=["few", "many"])
def test_undo_restores_tags_unless_somebody_changed_them_since(ann, ben, vip, late, actor, monkeypatch, few):
    monkeypatch.setattr(tagging, "FEW", few)
    tag_conversations([ann.pk, ben.pk], [vip], actor=actor)
    replace_tags([ann.pk, ben.pk], [late], actor=actor, operation=(operation := uuid.uuid4()))
    tag_conversations([ben.pk], [vip], actor=actor)
    changed, again = undo(operation, targets_of_operation(operation), actor=actor)
    assert changed == {ann.pk, ben.pk}
    assert pairs() == {(ann.pk, vip.pk), (ben.pk, vip.pk)}
    changed, _ = undo(again, targets_of_operation(again), actor=actor)
    assert (changed, pairs()) == ({ann.pk, ben.pk}, {(ann.pk, late.pk), (ben.pk, vip.pk), (ben.pk, late.pk)})


def test_a_tag_and_its_undo_hold_the_lock_for_few_statements(ann, vip, actor):
    operation = uuid.uuid4()
    with CaptureQueriesContext(connection) as tagged, transaction.atomic():
        tag_conversations([ann.pk], [vip], actor=actor, operation=operation)
    with CaptureQueriesContext(connection) as undone, transaction.atomic():
        undo(operation, targets_of_operation(operation), actor=actor)
    ends = ["SELECT pg_notify", "RELEASE SAVEPOINT", "RELEASE SAVEPOINT"]
    assert after_lock(tagged) == ends  # the change is sent with the lock
    assert after_lock(undone) == [
        "WITH moment AS",
        *ends[:1],
        'INSERT INTO "conversations_auditentry"',
        *ends[1:],
    ]


def after_lock(queries) -> list[str]:
    statements = [query["sql"] for query in queries]
    [place] = [place for place, sql in enumerate(statements) if "pg_advisory_xact_lock" in sql]
    return [" ".join(sql.split()[:3]).split("(")[0].split(' "s')[0] for sql in statements[place + 1 :]]


def test_of_two_changes_the_later_one_has_the_later_time(ann, vip, actor):
    """Also if it has waited for the lock: undo asks for changes that are later in time and by ID."""
    tag_conversations([ann.pk], [vip], actor=actor)
    with transaction.atomic():
        begun = timezone.now()
        untag_conversations([ann.pk], [vip], actor=actor)
    first, second = InteractionEvent.objects.order_by("pk")
    assert first.occurred_at < begun < second.occurred_at


def test_undo_restores_the_status_unless_it_was_set_since(ann, ben, actor):
    cleo, operation = ConversationFactory(), uuid.uuid4()
    set_status([ann.pk, ben.pk, cleo.pk], "done", actor=actor, operation=operation)
    set_status([ben.pk], "active", actor=actor)
    set_status([ben.pk], "done", actor=actor)
    Conversation.objects.filter(pk=cleo.pk).update(conversation_status="active")  # as a sync does
    changed, undo_operation = undo(operation, targets_of_operation(operation), actor=actor)
    assert changed == {ann.pk}
    assert Conversation.objects.get(pk=ann.pk).conversation_status == "active"
    assert Conversation.objects.get(pk=ben.pk).conversation_status == "done"
    assert undo(undo_operation, targets_of_operation(undo_operation), actor=actor)[0] == {ann.pk}
    assert Conversation.objects.get(pk=ann.pk).conversation_status == "done"
