"""The JSON that an interrupted run leaves for the next one: its form, and what happens if it is odd."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.models import InteractionEvent, SyncRun, Thread
from conversations.sync.stored_state import (
    BackfillPoint,
    Checkpoint,
    read_backfill_point,
    read_checkpoints,
)
from tests.conversations.sync.copies import assert_exact

MOMENT = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
STORED_MOMENT = "2026-11-20T08:30:00+00:00"
# The forms in which rows of earlier versions have it.
CHECKPOINTS = {
    "at the start": ({"head": None, "after": None, "spans": []}, Checkpoint()),
    "by cursor": ({"head": STORED_MOMENT, "after": "A", "spans": []}, Checkpoint(MOMENT, after="A")),
    "by time": (
        {"head": STORED_MOMENT, "after": None, "spans": [[None, 7], [9, 12]]},
        Checkpoint(MOMENT, spans=[(None, 7), (9, 12)]),
    ),
    "complete": ({"head": STORED_MOMENT, "walked": True}, Checkpoint(MOMENT, is_complete=True)),
}
BACKFILLS = {
    "not begun": ({"after": None, "newest": None, "border": None, "count": 0}, BackfillPoint(None)),
    "half read": (
        {"after": "A", "newest": STORED_MOMENT, "border": STORED_MOMENT, "count": 50},
        BackfillPoint("A", MOMENT, MOMENT, 50),
    ),
}
ODD_VALUES = [
    None,
    3,
    "text",
    [],
    [1],
    {"head": "yesterday"},
    {"head": "2026-11-20T08:30:00"},
    {"head": STORED_MOMENT, "after": 7},
    {"head": STORED_MOMENT, "spans": "none"},
    {"head": STORED_MOMENT, "spans": [[1]]},
    {"head": STORED_MOMENT, "spans": [[1, None]]},
    {"head": STORED_MOMENT, "spans": [[-1, 10**30]]},
    {"head": STORED_MOMENT, "walked": "yes"},
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.sampled_from(["head", "after", "spans", "walked", "newest", "count"]), inner)
    ),
)


@pytest.mark.parametrize(("stored", "checkpoint"), CHECKPOINTS.values(), ids=CHECKPOINTS)
def test_checkpoint_keeps_its_stored_form(stored, checkpoint):
    assert json.loads(json.dumps(checkpoint.as_json())) == stored
    assert read_checkpoints({"messenger/inbox": stored}) == {"messenger/inbox": checkpoint}


@pytest.mark.parametrize(("stored", "point"), BACKFILLS.values(), ids=BACKFILLS)
def test_backfill_point_keeps_its_stored_form(stored, point):
    assert json.loads(json.dumps(point.as_json())) == stored
    assert read_backfill_point(stored) == point


@pytest.mark.parametrize("stored", ODD_VALUES, ids=str)
def test_odd_checkpoint_counts_as_none_and_leaves_the_others(stored):
    good, checkpoint = CHECKPOINTS["by cursor"]
    assert read_checkpoints({"messenger/inbox": stored, "messenger/spam": good}) == {
        "messenger/spam": checkpoint
    }


@given(JSON)
def test_any_stored_json_is_read_or_counts_as_none(stored):
    assert all(isinstance(each, Checkpoint) for each in read_checkpoints(stored).values())
    assert all(isinstance(each, Checkpoint) for each in read_checkpoints({"list": stored}).values())
    assert isinstance(read_backfill_point(stored), BackfillPoint | None)


@pytest.mark.django_db
@pytest.mark.parametrize("stored", [[1, 2], "text", 7, {"messenger/inbox": {"head": "yesterday"}}], ids=str)
def test_run_with_an_odd_checkpoint_is_repeated_from_the_beginning(
    sync, page, world, shop, add_threads, stored
):
    add_threads(3)
    assert sync().status == "complete"
    run = SyncRun.objects.get()
    SyncRun.objects.update(status="interrupted", checkpoint=stored, heartbeat_at=run.ended_at)
    page.refresh_from_db()
    assert sync().status == "complete"
    assert_exact(page, world, shop)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "stored", [[1, 2], "text", 7, {"after": 5}, {"after": "A", "newest": "now"}], ids=str
)
def test_thread_with_an_odd_backfill_is_read_as_a_whole(sync, page, world, shop, sandbox, stored):
    world.add_conversation(shop, messages=80, updated_time=world.clock.now() - 60)
    assert sync().status == "complete"
    pending = {
        "state": Thread.State.OWED,
        "history": Thread.History.PARTIAL,
        "complete_until": None,
        "held_count": 79,
    }
    Thread.objects.update(**pending, backfill=stored)
    InteractionEvent.objects.order_by("occurred_at").first().delete()
    result = sync()
    assert (result.status, result.events_created) == ("complete", 1)
    assert_exact(page, world, shop)
