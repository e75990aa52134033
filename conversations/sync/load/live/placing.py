"""Where messages of webhooks stand among the stored ones of their second.

Those of which the milliseconds are known are ordered by them; those known by the second alone come after
these. An order that a list has shown stays.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from conversations.sync.load.copy_events import move_events, stored_messages
from conversations.sync.load.event_row import event_row
from conversations.sync.load.live.message_state import MessageState
from conversations.sync.load.states.event_states import StoredEvent
from conversations.sync.load.states.ranks import (
    Place,
    in_order,
    insert_by_time,
    moved_of,
    own_time,
    places_of,
    whole_second,
)

Owned = tuple[int, str]  # the primary key of a conversation, and a message's ID


def place_messages(messages: Mapping[int, Sequence[MessageState]]) -> dict[Owned, Place]:
    """Return the places of these messages, by conversation, and move the stored ones around them."""
    seconds = _by_second(messages)
    stored = stored_messages((owner, [_probe(second)]) for owner, second in seconds)
    places: dict[Owned, Place] = {}
    moved: dict[int, Place] = {}
    for (owner, second), states in seconds.items():
        known = dict(stored.by_second(owner).get(second, {}))
        found = _places(second, states, known)
        own = {state.graph_id for state in states}
        places |= {(owner, name): place for name, place in found.items() if name in own}
        moved |= moved_of({name: place for name, place in found.items() if name not in own}, known)
    move_events(moved)
    return places


def _by_second(
    messages: Mapping[int, Sequence[MessageState]],
) -> dict[tuple[int, datetime], list[MessageState]]:
    """Return the messages that are new or changed, by conversation and second."""
    seconds: dict[tuple[int, datetime], list[MessageState]] = {}
    for owner, states in messages.items():
        for state in states:
            if state.is_changed:
                seconds.setdefault((owner, whole_second(state.occurred_at)), []).append(state)
    return seconds


def _probe(second: datetime):
    """A row with which stored_messages() finds all messages of a second."""
    return event_row("", "", second, "")


def _places(
    second: datetime, states: Iterable[MessageState], known: Mapping[str, StoredEvent]
) -> dict[str, Place]:
    order = in_order(known)
    times = {name: own_time(event, second) for name, event in known.items()}
    has_ms = {name for name, event in known.items() if event.ms is not None}
    unplaced = {name for name, event in known.items() if event.is_unplaced}
    for state in states:
        times[state.graph_id] = state.own_time
        if "ms" in state.data:
            has_ms.add(state.graph_id)
        if state.graph_id not in known or state.has_first_time or state.is_unplaced:
            unplaced.add(state.graph_id)
    order = [name for name in order if name not in unplaced]
    return places_of(insert_by_time(order, unplaced, times, has_ms), times)
