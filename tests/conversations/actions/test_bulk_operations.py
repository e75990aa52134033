"""Bulk operations in slices: the result of one transaction, also after a kill and beside other changes."""

import uuid
from functools import partial

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from conversations.actions import bulk_operations
from conversations.actions.bulk_operations import (
    FIRST_SLICE,
    cancel_operation,
    delete_tag_at_once_or_in_slices,
    pages_to_undo,
    start_status,
    start_tagging,
    undo_at_once_or_in_slices,
    work,
    work_slice,
)
from conversations.actions.operation_texts import describe
from conversations.actions.status import change_status, set_status
from conversations.actions.tagging import (
    TagInUse,
    change_tags,
    delete_tag,
    tag_conversations,
    untag_conversations,
)
from conversations.actions.targets import targets_by_id, targets_matching, targets_of_operation
from conversations.actions.undoing import undo
from conversations.admin.conversations.bulk_actions import run_action
from conversations.api.bulk_response import run_bulk_action
from conversations.api.query_params import criteria_for
from conversations.lib.locks import operations_lock
from conversations.lib.request_scope import TooManyRequests
from conversations.models import AuditEntry, BulkOperation, Conversation, ConversationTag, InteractionEvent
from conversations.models.operations import OperationChunk
from conversations.permissions import may_see_operation
from tags.models import Tag
from tests.factories import (
    ConversationFactory,
    EventFactory,
    PageFactory,
    PageMemberFactory,
    TagFactory,
    UserFactory,
    superuser,
)

pytestmark = pytest.mark.django_db
State = BulkOperation.State


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(bulk_operations, "MAX_AT_ONCE", 3)
    monkeypatch.setattr(bulk_operations, "CHUNK", 4)
    monkeypatch.setattr(bulk_operations, "SLICE_SECONDS", 60)  # however slow the machine is


@pytest.fixture
def actor():
    return UserFactory()


@pytest.fixture
def ids() -> list[int]:
    """Ten conversations of two Pages."""
    pages = [PageFactory(), PageFactory()]
    return [ConversationFactory(page=pages[number % 2]).pk for number in range(10)]


@pytest.fixture
def vip():
    return TagFactory(name="VIP")


@pytest.fixture
def late():
    return TagFactory(name="Late")


def state() -> tuple:
    """What staff see of all conversations."""
    events = InteractionEvent.objects.exclude(kind__startswith="message_").order_by("conversation_id", "pk")
    return (
        list(Conversation.objects.order_by("pk").values_list("pk", "conversation_status")),
        sorted(ConversationTag.objects.values_list("conversation_id", "tag_id", "page_id")),
        [
            (event.conversation_id, event.kind, event.actor_id, event.data.get("id"), event.data.get("to"))
            for event in events
        ],
    )


def in_one_transaction(change) -> tuple:
    """Return the state after the change, and take the change back."""
    with transaction.atomic():
        change()
        result = state()
        transaction.set_rollback(True)
    return result


def killed_after(slices: int, *, size: int = 2):
    """A process that ends after so many slices."""
    for _ in range(slices):
        work_slice(BulkOperation.objects.active().get().pk, size)


@pytest.mark.parametrize("action", ["assign", "remove", "replace"])
@pytest.mark.parametrize("slices", [0, 1, 3, 5])
def test_tags_after_a_kill_are_those_of_one_transaction(ids, vip, late, actor, action, slices):
    tag_conversations(ids[::3], [vip, late], actor=None)
    tag_conversations(ids[1::3], [late], actor=None)
    expected = in_one_transaction(lambda: change_tags(action, targets_by_id(ids), [vip], actor=actor))
    operation = start_tagging(action, targets_by_id(ids), [vip], actor=actor)
    killed_after(slices)
    work()
    assert state() == expected
    operation.refresh_from_db()
    acts = InteractionEvent.objects.filter(data__act=str(operation.operation))
    assert operation.changed == acts.values("conversation").distinct().count()
    assert (operation.state, operation.processed, operation.matched) == (State.COMPLETE, 10, 10)
    assert not OperationChunk.objects.exists()


def test_slice_that_is_rolled_back_is_done_again(ids, vip, actor):
    expected = in_one_transaction(lambda: change_tags("assign", targets_by_id(ids), [vip], actor=actor))
    operation = start_tagging("assign", targets_by_id(ids), [vip], actor=actor)
    with transaction.atomic():
        killed_after(1)
        transaction.set_rollback(True)  # the process was killed before it committed
    work()
    operation.refresh_from_db()
    assert (state(), operation.changed) == (expected, 10)


def test_pages_to_undo_are_those_on_which_something_changed(ids, actor):
    first, second = ids[::2], ids[1::2]
    set_status(second, "done", actor=None)
    operation = start_status("done", targets_by_id(ids), actor=actor)
    assert len(pages_to_undo(operation.operation)) == 2  # it may still change all
    work()
    assert pages_to_undo(operation.operation) == {Conversation.objects.get(pk=first[0]).page_id}
    again = start_status("done", targets_by_id(ids), actor=actor)
    work()
    assert pages_to_undo(again.operation) == set()


def test_status_is_set_and_undone_in_slices(ids, actor):
    set_status(ids[:2], "done", actor=None)
    before = state()[:2]
    expected = in_one_transaction(lambda: change_status("done", targets_by_id(ids), actor=actor))
    operation = start_status("done", targets_by_id(ids), actor=actor)
    killed_after(2)
    work()
    operation.refresh_from_db()
    assert (state(), describe(operation)) == (expected, "Marked as done: 8 conversations.")
    expected = in_one_transaction(
        lambda: undo(operation.operation, targets_of_operation(operation.operation), actor=actor)
    )
    undoing = undo_at_once_or_in_slices(operation.operation, actor=actor)
    assert isinstance(undoing, BulkOperation)
    killed_after(1)
    work()
    undoing.refresh_from_db()
    assert (state(), state()[:2]) == (expected, before)
    assert describe(undoing) == "Restored 8 conversations."
    again = undo_at_once_or_in_slices(undoing.operation, actor=actor)
    work()
    assert isinstance(again, BulkOperation)
    assert Conversation.objects.filter(conversation_status="done").count() == 10


def test_undo_while_it_is_in_progress_takes_back_what_was_done(ids, vip, late, actor):
    tag_conversations(ids[:1], [late], actor=None)
    before = state()[:2]
    operation = start_tagging("replace", targets_by_id(ids), [vip], actor=actor)
    killed_after(3)
    assert ConversationTag.objects.filter(tag=vip).count() == 5
    undone = undo_at_once_or_in_slices(operation.operation, actor=actor)
    operation.refresh_from_db()
    assert operation.state == State.CANCELLED
    assert (
        describe(operation)
        == "Cancelled: replaced the tags of 5 conversations; 5 of 10 conversations processed."
    )
    work()
    assert state()[:2] == before
    assert undone.matched == 5
    assert undo_at_once_or_in_slices(operation.operation, actor=actor)
    work()
    assert state()[:2] == before


def test_undo_of_an_operation_that_has_changed_nothing_cancels_it(ids, vip, actor):
    operation = start_tagging("assign", targets_by_id(ids), [vip], actor=actor)
    assert undo_at_once_or_in_slices(operation.operation, actor=actor).changed == 0
    work()
    assert not ConversationTag.objects.exists()


def test_changes_of_others_meanwhile_stay(ids, vip, actor):
    """As if the operation had been one transaction before them."""
    tag_conversations(ids, [vip], actor=None)
    operation = start_tagging("remove", targets_by_id(ids), [vip], actor=actor)
    other = start_status("done", targets_by_id(ids), actor=actor)
    untag_conversations(ids[-1:], [vip], actor=None)
    tag_conversations(ids[-1:], [vip], actor=None)
    set_status(ids[-2:-1], "done", actor=None)
    set_status(ids[-2:-1], "active", actor=None)
    # As a sync does: a new message in an open conversation, and old messages of another one.
    open_one, old_one = Conversation.objects.get(pk=ids[-3]), Conversation.objects.get(pk=ids[0])
    EventFactory(conversation=open_one, kind="message_received", occurred_at=timezone.now())
    EventFactory(conversation=old_one, kind="message_received", occurred_at="2020-01-01T00:00Z")
    work()
    assert set(ConversationTag.objects.values_list("conversation_id", flat=True)) == {ids[-1]}
    is_open = Conversation.objects.filter(conversation_status="active").order_by("pk")
    assert list(is_open.values_list("pk", flat=True)) == ids[-3:-1]
    operation.refresh_from_db()
    other.refresh_from_db()
    assert (operation.changed, other.changed) == (9, 8)


def test_deleted_rows_are_left_out(ids, vip, late, actor):
    start_tagging("assign", targets_by_id(ids), [vip, late], actor=actor)
    Conversation.objects.filter(pk=ids[4]).delete()
    delete_tag(late, force=True, actor=None)
    work()
    assert set(ConversationTag.objects.values_list("conversation_id", "tag_id")) == {
        (pk, vip.pk) for pk in ids if pk != ids[4]
    }


def test_a_tag_on_many_conversations_is_deleted_in_slices(ids, vip, late, actor):
    tag_conversations(ids, [vip, late], actor=None)
    expected = in_one_transaction(lambda: delete_tag(Tag.objects.get(pk=vip.pk), force=True, actor=actor))
    with pytest.raises(TagInUse):
        delete_tag_at_once_or_in_slices(vip, force=False, actor=actor)
    operation = delete_tag_at_once_or_in_slices(vip, force=True, actor=actor)
    killed_after(3)
    assert Tag.objects.filter(pk=vip.pk).exists()
    work()
    assert state() == expected
    assert list(Tag.objects.all()) == [late]
    operation.refresh_from_db()
    assert describe(operation) == "Deleted the tag VIP. Untagged 10 conversations."
    events = InteractionEvent.objects.filter(kind="tag_removed")
    assert {event.data["act"] for event in events} == {str(operation.operation)}


@pytest.mark.parametrize("number", [1, 5])  # one deletes the tag at the end, others become further slices
def test_conversations_that_get_a_tag_while_it_is_deleted_lose_it_too(ids, vip, actor, number):
    tag_conversations(ids, [vip], actor=None)
    operation = delete_tag_at_once_or_in_slices(vip, force=True, actor=actor)
    killed_after(5)
    added = [ConversationFactory().pk for _ in range(number)]
    tag_conversations(added, [vip], actor=None)
    work()
    assert not Tag.objects.exists()
    removed = InteractionEvent.objects.filter(kind="tag_removed").values_list("conversation_id", flat=True)
    assert sorted(removed) == sorted([*ids, *added])
    operation.refresh_from_db()
    assert operation.state == State.COMPLETE


def test_a_slice_does_not_wait_for_the_disk(ids, vip, actor):
    operation = start_tagging("assign", targets_by_id(ids), [vip], actor=actor)
    with CaptureQueriesContext(connection) as queries:
        work_slice(operation.pk, 2)
    assert "SET LOCAL synchronous_commit = off" in [query["sql"] for query in queries]


def test_operations_on_one_page_are_done_in_their_order(ids, vip, actor):
    first = start_tagging("assign", targets_by_id(ids), [vip], actor=actor)
    second = start_tagging("remove", targets_by_id(ids), [vip], actor=actor)
    tag_conversations(ids[:1], [vip], actor=None)  # wins over the second
    elsewhere = start_tagging("assign", targets_by_id([ConversationFactory().pk]), [vip], actor=actor)
    assert bulk_operations.ready_operations() == [first.pk, elsewhere.pk]
    work()
    second.refresh_from_db()
    assert second.changed == 9
    assert ConversationTag.objects.count() == 2


CHANGE = "CREATE TRIGGER slow BEFORE INSERT ON conversations_conversationtag {}"
CHECK = """
CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON conversations_conversationtag DEFERRABLE INITIALLY DEFERRED {}
"""


@pytest.mark.parametrize("trigger", [CHANGE, CHECK], ids=["change", "check of a constraint"])
def test_slow_slice_is_repeated_with_fewer_conversations(ids, vip, actor, monkeypatch, trigger):
    operation = start_tagging("assign", targets_by_id(ids), [vip], actor=actor)
    monkeypatch.setattr(bulk_operations, "SLICE_SECONDS", 0.02)
    size = FIRST_SLICE
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # or tables with changes could not be altered
        cursor.execute(
            "CREATE FUNCTION pg_temp.slow() RETURNS trigger LANGUAGE plpgsql AS"
            " 'BEGIN PERFORM pg_sleep(0.03); RETURN NEW; END'"
        )
        cursor.execute(trigger.format("FOR EACH ROW EXECUTE FUNCTION pg_temp.slow()"))
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    for _ in range(3):
        size = bulk_operations._work_on(operation.pk, size)
    assert size == 1
    assert not ConversationTag.objects.exists()
    work()
    assert ConversationTag.objects.count() == 10


def test_slices_follow_the_time_that_the_last_one_took(monkeypatch):
    """At 2 ms for each conversation forty fit; when others take the processor, fewer do at once."""
    monkeypatch.setattr(bulk_operations, "CHUNK", 2000)
    sizes, seconds = [FIRST_SLICE], 0.002
    for number in range(12):
        if number == 6:
            seconds *= 10
        sizes.append(bulk_operations.next_size(sizes[-1], sizes[-1] * seconds))
    assert sizes[1:7] == [40] * 6
    assert set(sizes[7:]) <= {3, 4}
    assert bulk_operations.next_size(1500, 0.001) == 2000
    assert bulk_operations.next_size(400, 0.01) == 800


def test_a_slice_is_few_statements_however_many_conversations_it_changes(ids, vip, late, actor, monkeypatch):
    """What it costs, the checks of constraints included, is in the time that is measured and limited."""
    monkeypatch.setattr(bulk_operations, "CHUNK", 2000)
    tag_conversations(ids, [late], actor=None)
    counts = []
    for size in (1, 2, 4):
        operation = start_tagging("replace", targets_by_id(ids), [vip], actor=actor)
        with CaptureQueriesContext(connection) as queries:
            work_slice(operation.pk, size)
        statements = [query["sql"] for query in queries if "statement_timeout = '" not in query["sql"]]
        counts.append(len(statements))
        if size > 1:
            locked = next(number for number, one in enumerate(statements) if "pg_advisory_xact_lock" in one)
            checked = statements.index("SET CONSTRAINTS ALL IMMEDIATE")
            assert all("statement_timeout" in one or "SAVEPOINT" in one for one in statements[checked + 1 :])
            assert locked < checked
        cancel_operation(operation, actor=actor)
        untag_conversations(ids, [vip], actor=None)
        tag_conversations(ids, [late], actor=None)
    assert counts[1] == counts[2] < 25


def test_refused_change_ends_the_operation_and_undo_takes_back_what_was_done(ids, vip, actor):
    operation = start_tagging("assign", targets_by_id(ids), [vip], actor=actor)
    killed_after(1)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE conversations_conversationtag ADD CHECK (tag_id < 0) NOT VALID")
    work()
    operation.refresh_from_db()
    assert operation.state == State.FAILED
    assert "IntegrityError" in describe(operation)
    assert undo_at_once_or_in_slices(operation.operation, actor=actor).changed == 2
    assert not ConversationTag.objects.exists()


def test_one_process_works_at_a_time(ids, vip, actor):
    start_tagging("assign", targets_by_id(ids), [vip], actor=actor)
    with operations_lock() as lock:
        assert lock.is_acquired
        work()
        assert not ConversationTag.objects.exists()


def test_process_that_must_end_stops_after_a_slice(ids, vip, actor):
    start_tagging("assign", targets_by_id(ids), [vip], actor=actor)
    answers = iter([False, True])
    work(lambda: next(answers))
    assert ConversationTag.objects.count() == 4


def test_one_user_has_a_bounded_number_of_operations(ids, vip, actor):
    for _ in range(bulk_operations.MAX_ACTIVE):
        start_tagging("assign", targets_by_id(ids), [vip], actor=actor)
    with pytest.raises(TooManyRequests, match="5 bulk operations"):
        start_tagging("assign", targets_by_id(ids), [vip], actor=actor)
    cancel_operation(BulkOperation.objects.first(), actor=actor)
    start_tagging("assign", targets_by_id(ids), [vip], actor=actor)


def test_start_cancellation_and_end_are_in_the_audit_log(ids, vip, actor):
    operation = start_tagging(
        "assign", targets_by_id(ids), [vip], actor=actor, audited={"filter": {"search": "x"}}
    )
    killed_after(1)
    cancel_operation(operation, actor=actor)
    started, cancelled, ended = AuditEntry.objects.order_by("pk")
    assert [row.action for row in (started, cancelled, ended)] == [
        "bulk_started",
        "bulk_cancelled",
        "bulk_changed",
    ]
    assert started.details["filter"] == {"search": "x"}
    assert (ended.details["changed"], ended.details["state"]) == (2, "cancelled")
    assert {uuid.UUID(row.details["operation"]) for row in (started, ended)} == {operation.operation}


# -- permissions
def test_a_conversation_that_matches_only_after_the_check_is_not_changed_without_the_role(rf):
    """A sync may store one on a Page that the user only views, between the check and the change."""
    user, viewed = UserFactory(), PageFactory()
    PageMemberFactory(page=viewed, user=user, role="viewer")
    ConversationFactory(page=PageMemberFactory(user=user, role="tagger").page)

    def change(targets, operation) -> set[int]:
        ConversationFactory(page=viewed)
        return change_status("done", targets, actor=user, operation=operation)

    body = {"filter": {}, "dry_run": False}
    with pytest.raises(PermissionDenied):
        run_bulk_action(user, body, "Marked", count_changes=len, change=change, start=start_status)
    targets = targets_matching(criteria_for(user, {}))
    request = rf.post("/admin/")
    request.user = user
    with pytest.raises(PermissionDenied):
        run_action(None, request, str, targets, {}, change=partial(change, targets), start=lambda: None)
    assert not Conversation.objects.filter(conversation_status="done").exists()


def test_an_operation_without_pages_is_not_everybodys():
    """Its conversations were deleted while they were chosen."""
    operation = BulkOperation(page_ids=[], actor=UserFactory())
    assert not may_see_operation(UserFactory(), operation)
    assert may_see_operation(superuser(), operation)
