"""Any interleaving of answers, runs and kills gives the order that Facebook shows."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.sync.load.event_row import EventRow, event_row
from conversations.sync.load.states.event_states import StoredEvent
from conversations.sync.load.states.ranks import merge_order, rank_events

START = datetime(2026, 11, 20, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("received", "stored", "newer_id", "order"),
    [
        ("bc", "ab", None, "abc"),  # newer ones
        ("ab", "bc", None, "abc"),  # older ones
        ("b", "ac", "c", "abc"),  # between those of earlier answers
        ("bcd", "ad", None, "abcd"),
        ("cd", "ab", None, "abcd"),  # nothing in common: the answer begins at the top of the second
        ("ac", "abc", None, "abc"),  # b is no longer shown
        ("ab", "ba", None, "ab"),  # stored in the wrong order
        ("", "ab", None, "ab"),
    ],
)
def test_answer_says_where_its_messages_stand(received, stored, newer_id, order):
    assert "".join(merge_order([*received], [*stored], newer_id)) == order


class Conversation:
    """The stored messages of one conversation."""

    def __init__(self) -> None:
        self.events: dict[str, StoredEvent] = {}

    def store(self, answer: list[EventRow], newer_id: str | None = None) -> None:
        pairs = [(event, self.events.get(event.graph_id)) for event in answer]
        new, moved = rank_events(pairs, self.by_second, newer_id)
        by_id = {event.id: name for name, event in self.events.items()}
        for pk, place in moved.items():
            self.events[by_id[pk]] = self.events[by_id[pk]]._replace(**place._asdict())
        for event in new:
            self.events[event.graph_id] = StoredEvent(len(self.events), event.occurred_at, event.rank, None)

    def by_second(self) -> dict[datetime, dict[str, StoredEvent]]:
        seconds: dict[datetime, dict[str, StoredEvent]] = {}
        for name, event in self.events.items():
            seconds.setdefault(event.occurred_at, {})[name] = event
        return seconds

    @property
    def order(self) -> list[str]:
        return sorted(self.events, key=lambda name: (*self.events[name][1:3], self.events[name].id))


@given(st.data())
def test_any_interleaving_gives_facebooks_order(data):
    """Lists show the newest messages, their backfills stop and resume, while messages arrive."""
    count = data.draw(st.integers(1, 40))
    seconds = sorted(data.draw(st.lists(st.integers(0, 4), min_size=count, max_size=count)))
    messages = [
        event_row("message_sent", f"m_{n}", START + timedelta(seconds=second), "")
        for n, second in enumerate(seconds)
    ]
    stored, arrived, positions = Conversation(), 0, []
    while arrived < count or positions:
        if arrived < count and (not positions or data.draw(st.booleans())):
            arrived = data.draw(st.integers(arrived + 1, count))
            end = max(0, arrived - data.draw(st.integers(1, 6)))
            stored.store(messages[end:arrived])
        else:
            start = positions.pop(data.draw(st.integers(0, len(positions) - 1)))
            end = max(0, start - data.draw(st.integers(1, 6)))
            stored.store(messages[end:start], messages[start].graph_id)
        positions += [end] if end else []
    assert stored.order == [message.graph_id for message in messages]
    ranks = {name: event.rank for name, event in stored.events.items()}
    again = Conversation()
    again.store(messages)
    assert ranks == {name: event.rank for name, event in again.events.items()}


def test_message_that_gets_another_time_is_ranked_in_its_new_second():
    """It was stored at the thread's time, for want of its own, with the rank 0, which is too small here."""
    older = [event_row("message_sent", name, START, "") for name in ("m_1", "m_2")]
    untimed = event_row("message_sent", "m_3", START + timedelta(seconds=6), "", has_time=False)
    stored = Conversation()
    stored.store(older)
    stored.store([untimed])
    stored.store([*older, event_row("message_sent", "m_3", START, "", has_time=False, has_neighbor=True)])
    assert stored.order == ["m_1", "m_2", "m_3"]
    assert [stored.events[name].rank for name in stored.order] == [0, 1, 2]
    assert {event.occurred_at for event in stored.events.values()} == {START}
