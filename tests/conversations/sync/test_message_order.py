"""Messages of one second stand in the order that Facebook shows, on every door and whatever came first."""

from datetime import UTC, datetime

import pytest

from conversations.admin.conversations.timeline_rows import messages_of
from conversations.models import Conversation, InteractionEvent
from conversations.sandbox import faults
from conversations.sync.service import sync_conversations
from tests.conversations import engine_cases
from tests.conversations.sync.copies import row_versions

START = 1_795_000_000


def add_burst(world, thread, first: int, count: int, *, per_second: int = 3) -> None:
    for number in range(first, first + count):
        world.add_message(thread, f"Message {number}", created_time=START + number // per_second)


def facebook_order(thread) -> list[str]:
    """The message IDs, newest first."""
    return [message.id for message in thread.history.newest(0, len(thread.history))]


def stored_order() -> list[str]:
    return list(InteractionEvent.objects.newest_first().values_list("graph_id", flat=True))


@pytest.fixture
def thread(page, world, shop):
    return world.add_conversation(shop, "Ana Test", [], updated_time=START - 1)


@pytest.mark.parametrize("per_second", [2, 3, 7, 150])
def test_order_is_facebooks_where_answers_end_inside_a_second(page, world, thread, per_second):
    add_burst(world, thread, 0, 400, per_second=per_second)
    assert sync_conversations(page).status == "complete"
    assert stored_order() == facebook_order(thread)
    seconds = {int(event.occurred_at.timestamp()) for event in InteractionEvent.objects.all()}
    assert seconds == {START + number // per_second for number in range(400)}


@pytest.mark.parametrize("counts", [(1, 1, 1, 1), (2, 40, 3), (30, 1, 130, 2)])
def test_order_is_facebooks_over_several_runs(page, world, thread, counts):
    first = 0
    for count in counts:
        add_burst(world, thread, first, count, per_second=200)
        sync_conversations(page)
        first += count
        assert stored_order() == facebook_order(thread)
    before = row_versions()
    sync_conversations(page, full=True)
    assert row_versions() == before


def test_order_survives_an_interrupted_backfill(page, world, thread, sandbox):
    add_burst(world, thread, 0, 300, per_second=300)
    sandbox.faults.add(faults.graph_error(5), times=None, after=1, path=f"/{thread.id}/messages")
    sync_conversations(page)
    assert 0 < len(stored_order()) < 300
    sandbox.faults.clear()
    add_burst(world, thread, 300, 60, per_second=300)
    sync_conversations(page)
    sync_conversations(page)
    assert stored_order() == facebook_order(thread)


def test_only_the_rows_of_that_second_are_renumbered(page, world, thread):
    add_burst(world, thread, 0, 20)
    sync_conversations(page)
    before = dict(InteractionEvent.objects.values_list("graph_id", "rank"))
    world.add_message(thread, "Late", created_time=START + 6)
    world.touch(thread)
    sync_conversations(page)
    assert stored_order() == facebook_order(thread)
    after = dict(InteractionEvent.objects.exclude(text="Late").values_list("graph_id", "rank"))
    moved = {name for name in before if before[name] != after[name]}
    times = set(InteractionEvent.objects.filter(graph_id__in=moved).values_list("occurred_at", flat=True))
    assert times <= {datetime.fromtimestamp(START + 6, UTC)}


def test_wrong_order_of_an_earlier_version_is_corrected_by_a_full_run(page, world, thread):
    add_burst(world, thread, 0, 10)
    sync_conversations(page)
    InteractionEvent.objects.update(rank=0)
    before = row_versions()
    sync_conversations(page, full=True)
    assert row_versions() == before  # the order by ID was right
    newest = InteractionEvent.objects.newest_first().first()
    assert newest is not None
    InteractionEvent.objects.filter(occurred_at=newest.occurred_at).exclude(pk=newest.pk).update(rank=5)
    InteractionEvent.objects.filter(text="Message 6").update(rank=9)
    sync_conversations(page, full=True)
    assert stored_order() == facebook_order(thread)


def test_every_door_shows_the_same_order(page, world, thread, client, django_user_model):
    add_burst(world, thread, 0, 120, per_second=40)
    sync_conversations(page)
    conversation = Conversation.objects.get()
    client.force_login(django_user_model.objects.create_superuser("anna"))
    ids, cursor = [], ""
    while cursor is not None:
        query = {"limit": 7, "cursor": cursor}
        answer = client.get(f"/api/conversations/{conversation.pk}/events", query).json()
        ids += [event["graph_id"] for event in answer["events"]]
        cursor = answer["pagination"]["nextCursor"]
    assert ids == facebook_order(thread)
    newest = messages_of(conversation, before="")
    older = messages_of(conversation, before=str(newest["older"]))
    shown = [message.event.graph_id for message in [*older["timeline"], *newest["timeline"]]]
    assert shown == ids[::-1]


def test_cursor_follows_an_event_whose_rank_has_changed(page, world, thread):
    add_burst(world, thread, 0, 30, per_second=100)
    sync_conversations(page)
    order = stored_order()
    event = InteractionEvent.objects.get(graph_id=order[4])
    for number, name in enumerate(order[::-1]):
        InteractionEvent.objects.filter(graph_id=name).update(rank=number * 3 + 1)
    following = InteractionEvent.objects.newest_first().after_cursor(event.occurred_at, event.pk)
    assert list(following.values_list("graph_id", flat=True)) == order[5:]


@pytest.mark.parametrize("count", [20, 40])
def test_more_messages_in_the_second_of_a_pending_thread_are_not_missed(page, sandbox, count):
    """Their number leaves a gap to the messages from which the pending thread continues."""
    items = engine_cases.messages(300, per_second=1000)
    play_thread(sandbox, items)
    sandbox.faults.add(faults.graph_error(2), times=None, path="/t_1/messages")
    assert sync_conversations(page).owed == 1
    sandbox.faults.clear()
    items[:0] = [{**items[0], "id": f"m_{300 + count - n}"} for n in range(count)]
    page.refresh_from_db()
    sandbox.call_log.clear()
    assert sync_conversations(page).status == "complete"
    assert stored_order() == [item["id"] for item in items]
    assert len(sandbox.call_log.matching("/t_1/messages")) <= 2 * 3 + 1


def play_thread(sandbox, items: list[dict]) -> None:
    """Show one thread with these messages, by cursors that stand for a message, as Facebook's do."""

    def part(start: int, limit: int) -> dict:
        last = items[min(start + limit, len(items)) - 1]["id"]
        paging = {"cursors": {"after": last}, "next": f"https://graph.facebook.com/x?after={last}"}
        return {"data": items[start : start + limit]} | (
            {"paging": paging} if start + limit < len(items) else {}
        )

    def edge(params: dict) -> dict:
        ids = [item["id"] for item in items]
        start = ids.index(params["after"]) + 1 if params.get("after") else 0
        return part(start, int(params["limit"]))

    sandbox.script.add(
        engine_cases.LISTS,
        lambda params: {"data": [engine_cases.thread(part(0, 26), message_count=len(items))]},
    )
    sandbox.script.add(engine_cases.MESSAGES, edge)


def test_answer_that_repeats_messages_does_not_move_them(page, sandbox):
    """The third message has no time, and waits for its older neighbor at the end of what the list shows."""
    items = engine_cases.messages(4, per_second=4)
    items[1]["created_time"] = "soon"
    paging = {"cursors": {"after": "c"}, "next": "https://graph.facebook.com/x?after=c"}
    nested = {"data": items[:2], "paging": paging}
    sandbox.script.add(engine_cases.LISTS, {"data": [engine_cases.thread(nested, message_count=4)]})
    sandbox.script.add("/t_1/messages?after=c", {"data": items})
    assert sync_conversations(page).status == "complete"
    assert stored_order() == [item["id"] for item in items]
