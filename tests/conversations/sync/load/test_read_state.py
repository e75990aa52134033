"""The unread count of marked conversations, whatever the order of syncs, webhooks and marks."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from conversations.actions.reading import mark_read
from conversations.actions.targets import targets_by_id
from conversations.graph import records
from conversations.models import Conversation, InteractionEvent, Page
from conversations.sync.load import batch_loader
from conversations.sync.load.live.change_writer import Received, save_changes
from conversations.sync.load.live.changes import Message
from conversations.sync.load.transform import to_rows
from tests.seeds import MORE, SEED

START = datetime(2026, 11, 20, 10, tzinfo=UTC)
NOW = START + timedelta(days=1)

pytestmark = pytest.mark.django_db


def at(second: int) -> datetime:
    return START + timedelta(seconds=second)


class Thread:
    """Ana's thread at Facebook, and what is known of it here: negative numbers are messages of the Page."""

    def __init__(self, page: Page):
        self.page = page
        self.messages: list[int] = []
        self.unread = 0
        self.states: list[tuple[list[int], int]] = []

    # -- at Facebook
    def write(self, *, from_page: bool = False) -> int:
        number = len(self.messages) + 1
        self.messages.append(-number if from_page else number)
        self.unread += not from_page
        return self.messages[-1]

    def show(self) -> None:
        """Facebook makes an answer, which arrives later."""
        self.states.append((list(self.messages), self.unread))

    # -- here
    def sync(self, state: tuple[list[int], int] | None = None) -> None:
        messages, unread = state or (self.messages, self.unread)
        shown = [
            {
                "id": f"m_{abs(number)}",
                "created_time": at(abs(number)).isoformat(),
                "from": {"id": "7" if number > 0 else self.page.facebook_page_id},
                "message": f"No. {number}",
            }
            for number in reversed(messages)
        ]
        raw = {
            "id": "t_1",
            "updated_time": at(len(messages)).isoformat(),
            "participants": {"data": [{"id": "7", "name": "Ana"}]},
            "message_count": len(messages),
            "unread_count": unread,
            "messages": {"data": shown},
        }
        record = records.Conversation.from_graph(raw)
        assert record
        batch_loader.save_batch(self.page, [to_rows(record, self.page, "messenger", now=NOW)])

    def webhook(self, number: int) -> None:
        change = Message(
            person="7",
            platform="messenger",
            is_sent=number < 0,
            time=at(abs(number)),
            graph_id=f"m_{abs(number)}",
            text=f"No. {number}",
        )
        save_changes(self.page, [Received(change, at(abs(number)))])

    def mark(self, *, is_read: bool) -> None:
        mark_read(is_read, targets_by_id([self.row.pk]))

    @property
    def row(self) -> Conversation:
        return Conversation.objects.get(page=self.page)

    @property
    def counts(self) -> tuple[int, int]:
        return self.row.unread_count, self.row.graph_unread_count


@pytest.fixture
def thread(shop_page) -> Thread:
    return Thread(shop_page)


def test_without_a_mark_it_is_the_count_of_facebook(thread):
    for _ in range(3):
        thread.write()
    thread.sync()
    assert thread.counts == (3, 3)
    thread.unread = 1
    thread.sync()
    assert thread.counts == (1, 1)


def test_webhooks_are_counted_until_facebook_shows_a_newer_state(thread):
    thread.write()
    thread.sync()
    thread.show()
    thread.webhook(thread.write())
    thread.sync(thread.states[0])  # an answer that was made before
    assert thread.counts == (2, 1)
    thread.sync()
    assert thread.counts == (2, 2)


def test_marks_make_it_none_and_one(thread):
    for _ in range(3):
        thread.write()
    thread.sync()
    thread.mark(is_read=False)
    assert thread.counts == (1, 3)
    thread.mark(is_read=True)
    assert thread.counts == (0, 3)
    thread.sync()  # Facebook does not know
    assert thread.counts == (0, 3)


@pytest.mark.parametrize("is_webhook", [True, False])
def test_after_a_mark_newer_messages_of_the_customer_are_counted(thread, is_webhook):
    thread.write()
    thread.sync()
    for is_read in (True, False):
        thread.mark(is_read=is_read)
        for from_page in (False, True, False):
            number = thread.write(from_page=from_page)
            if is_webhook:
                thread.webhook(number)
        if not is_webhook:
            thread.sync()
        assert thread.row.unread_count == 2


def test_a_count_of_facebook_that_rose_for_messages_that_are_read_changes_nothing(thread):
    thread.write(from_page=True)
    thread.sync()
    thread.webhook(thread.write())
    thread.mark(is_read=True)
    thread.sync()  # shows for the first time what the webhook has told
    assert thread.counts == (0, 1)


def test_a_count_that_rises_without_a_message_makes_it_one(thread):
    thread.write()
    thread.sync()
    thread.mark(is_read=True)
    thread.unread = 5  # somebody has marked it at Facebook
    thread.sync()
    assert thread.counts == (1, 5)


def test_reading_it_at_facebook_makes_it_none(thread):
    thread.write()
    thread.sync()
    thread.mark(is_read=True)
    thread.webhook(thread.write())
    thread.sync()
    assert thread.counts == (1, 2)
    thread.unread = 0
    thread.sync()
    assert thread.counts == (0, 0)


def test_a_count_of_none_that_stays_leaves_a_mark(thread):
    thread.write(from_page=True)
    thread.sync()
    thread.mark(is_read=False)
    thread.write(from_page=True)
    thread.sync()
    assert thread.counts == (1, 0)


def test_messages_newer_than_the_state_that_was_read_stay_unread(thread):
    thread.write()
    thread.sync()
    thread.mark(is_read=False)
    thread.unread = 0
    thread.show()
    thread.webhook(thread.write())
    thread.sync(thread.states[0])
    assert thread.counts == (1, 0)


def test_older_messages_that_come_late_are_not_new(thread):
    late = thread.write()
    thread.webhook(thread.write())
    thread.mark(is_read=True)
    thread.webhook(late)
    assert thread.row.unread_count == 0


def test_equal_states_write_nothing(thread):
    thread.write()
    thread.sync()
    for is_read in (True, False):
        thread.mark(is_read=is_read)
        before = thread.row.updated_at, thread.row.read_event_id
        thread.mark(is_read=is_read)
        thread.sync()
        assert (thread.row.updated_at, thread.row.read_event_id) == before


def test_a_message_with_a_time_in_the_future_can_be_read(thread):
    thread.write()
    thread.sync()
    future = NOW + timedelta(days=9999)
    Conversation.objects.update(last_message_time=future)
    InteractionEvent.objects.update(occurred_at=future)
    thread.mark(is_read=True)
    assert thread.row.unread_count == 0
    assert thread.row.read_until < future


# -- snooze
@pytest.mark.parametrize("is_webhook", [True, False])
@pytest.mark.parametrize("from_page", [True, False])
def test_a_message_of_the_customer_ends_the_snooze(thread, is_webhook, from_page):
    thread.write()
    thread.sync()
    Conversation.objects.update(snoozed_until=NOW)
    number = thread.write(from_page=from_page)
    if is_webhook:
        thread.webhook(number)
    thread.sync()
    ended = InteractionEvent.objects.filter(kind="snooze_ended")
    assert (thread.row.snoozed_until is None) == ended.exists() == (not from_page)
    assert all(event.data["reason"] == "message" for event in ended)


def test_a_message_that_is_older_than_the_newest_does_not_end_it(thread):
    late = thread.write()
    thread.webhook(thread.write())
    Conversation.objects.update(snoozed_until=NOW)
    thread.webhook(late)
    assert thread.row.snoozed_until == NOW


class Model:
    """What the count should be, told without tables."""

    def __init__(self) -> None:
        self.held: list[int] = []  # in the order of arrival
        self.state: tuple[int, int] | None = None  # newest that was seen: its time, and Facebook's count
        self.count = 0  # without a mark
        self.mark: tuple[float, int] | None = None  # until when all is read, and how many were held then
        self.is_one = False

    @property
    def newest(self) -> int:
        return max([*map(abs, self.held), self.state[0] if self.state else 0])

    @property
    def new(self) -> int:
        if self.mark is None:
            return 0
        until, held = self.mark
        return sum(number >= until for number in self.held[held:] if number > 0)

    @property
    def unread(self) -> int:
        return self.count if self.mark is None else max(self.new, self.is_one)

    def webhook(self, number: int) -> None:
        if number not in self.held:
            if abs(number) >= self.newest:
                self.count = self.count + 1 if number > 0 else 0
            self.held.append(number)

    def sync(self, messages: list[int], count: int) -> None:
        time, before = len(messages), self.state
        is_newer = before is None or time >= before[0]
        self.held += [number for number in messages if number not in self.held]
        if not is_newer:
            return
        if before != (time, count):
            self.count = count
        self.state = time, count
        if self.mark is None or before is None:
            return
        if count == 0 and before[1] > 0:
            self.mark, self.is_one = (max(self.mark[0], time + 0.5), self.mark[1]), False
        elif count > before[1] and time == before[0]:
            self.is_one = True

    def marked(self, *, is_read: bool) -> None:
        until = max(self.newest, self.mark[0] if self.mark else 0)
        if (until, self.unread, self.is_one) != ((self.mark or (0,))[0], int(not is_read), not is_read):
            self.mark = until, len(self.held)
        self.is_one = not is_read


STEPS = ["write", "write", "answer", "read there", "mark there", "show", "sync", "sync late", "webhook"]
STEPS += ["webhook", "webhook late", "read", "unread"]


@seed(SEED)
@settings(
    max_examples=12 * MORE,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 50)), min_size=4, max_size=25))
def test_any_order_of_syncs_webhooks_and_marks(shop_page, steps):
    Conversation.objects.filter(page=shop_page).delete()
    shop_page.threads.all().delete()
    thread, model = Thread(shop_page), Model()
    thread.write()
    thread.sync()
    model.sync(list(thread.messages), thread.unread)
    for step, draw in steps:
        if step in ("write", "answer"):
            thread.write(from_page=step == "answer")
        elif step == "read there":
            thread.unread = 0
        elif step == "mark there":
            thread.unread += 1
        elif step == "show":
            thread.show()
        elif step.startswith("sync"):
            late = thread.states[draw % len(thread.states)] if thread.states and "late" in step else None
            state = late or (list(thread.messages), thread.unread)
            thread.sync(state)
            model.sync(*state)
        elif step.startswith("webhook"):
            number = thread.messages[draw % len(thread.messages) if "late" in step else -1]
            thread.webhook(number)
            model.webhook(number)
        else:
            thread.mark(is_read=step == "read")
            model.marked(is_read=step == "read")
        expected = model.unread, model.state[1] if model.state else 0
        assert thread.counts == expected, (step, draw)
