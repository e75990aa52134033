"""Message statistics equal a naive evaluation of the rows after any changes."""

import random
import time as clock
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from statistics import median
from zoneinfo import ZoneInfo, available_timezones

import pytest
from django.db import connection
from django.utils import timezone

from conversations.actions.status import set_status
from conversations.actions.tagging import tag_conversations
from conversations.models import Conversation, InteractionEvent, Page, sql
from conversations.models.insight import ConversationStats, MessageBucket, MessageCount, WeeklyReplyTimes
from conversations.search import insight_queries
from conversations.search.criteria import SearchCriteria
from conversations.search.index import insight_index
from conversations.search.index.message_index import index_pending
from conversations.search.insight_queries import insight
from conversations.tasks import fold_messages
from tests.factories import ConversationFactory, EventFactory, PageFactory, TagFactory

pytestmark = pytest.mark.django_db(transaction=True)

ZONES = ["UTC", "Europe/Berlin", "Asia/Kathmandu", "America/St_Johns", "Pacific/Chatham", "Pacific/Apia"]
RECEIVED, SENT = "message_received", "message_sent"


def insight_of(*pages, now=None):
    return insight(SearchCriteria(tuple(page.pk for page in pages)), now=now)


# -- a naive evaluation ------------------------------------------------------------------------------------
def naive_insight(conversations: list[Conversation], zone: str, now: datetime) -> dict:
    """Compute the statistics from all messages in the simplest way."""
    local = ZoneInfo(zone)
    today = now.astimezone(local).date()
    shown = {today - timedelta(days=back) for back in range(90)}
    found: dict = {
        "days": Counter(),
        "hours": Counter(),
        "waits": defaultdict(list),
        "begun": 0,
        "waiting": 0,
        "unanswered": 0,
        "sent": Counter(),
        "answered": Counter(),
    }
    for row in conversations:
        events = [
            (event.occurred_at.astimezone(local), event.kind, event.data.get("to") == "done")
            for event in row.events.order_by("occurred_at", "id")
        ]
        messages = [(at, kind) for at, kind, _ in events if kind in (RECEIVED, SENT)]
        found["begun"] += bool(messages) and messages[0][0].date() == today
        count_messages(found, [message for message in messages if message[0].date() in shown])
        time_replies(found, events, shown, is_done=row.conversation_status == "done")
        count_answers(found, messages, shown, now)
    return found


def count_answers(found: dict, messages: list, shown: set, now: datetime) -> None:
    """Each message of the Page: is there one of the customer within 24 hours after it?"""
    day = timedelta(days=1)
    settled = int((now - day).timestamp()) // 900 * 900  # by quarters of an hour
    for number, (at, kind) in enumerate(messages):
        if kind == SENT and at.date() in shown and at.timestamp() < settled:
            later = [other.timestamp() for other, kind in messages[number:] if kind == RECEIVED]
            found["sent"][at.weekday(), at.hour] += 1
            found["answered"][at.weekday(), at.hour] += any(
                int(other) - int(at.timestamp()) <= day.total_seconds() for other in later
            )


def count_messages(found: dict, messages: list) -> None:
    for at, kind in messages:
        found["days"][at.date(), kind] += 1
        found["hours"][at.weekday(), at.hour] += kind == RECEIVED


def time_replies(found: dict, events: list, shown: set, *, is_done: bool) -> None:
    question = None
    for at, kind, sets_done in events:
        if kind == RECEIVED:
            question = question or at
        elif kind == SENT:
            if question and question.date() in shown:
                monday = question.date() - timedelta(days=question.weekday())
                found["waits"][monday].append(seconds_between(question, at))
            question = None
        elif sets_done:
            question = None
    found["unanswered" if is_done else "waiting"] += question is not None and question.date() in shown


def seconds_between(question: datetime, at: datetime) -> int:
    return int((at.astimezone(UTC) - question.astimezone(UTC)).total_seconds())


def assert_same(found, expected: dict) -> None:
    days = {
        (day, kind): n for day, *both in found.days for kind, n in zip((RECEIVED, SENT), both, strict=True)
    }
    assert {key: number for key, number in days.items() if number} == expected["days"]
    hours = {(day, hour): n for day, row in enumerate(found.hours) for hour, n in enumerate(row) if n}
    assert hours == {key: number for key, number in expected["hours"].items() if number}
    replies = {monday: (seconds, number) for monday, seconds, number in found.replies if number}
    assert replies == {
        monday: (int(median(waits)), len(waits)) for monday, waits in expected["waits"].items()
    }
    for name in ("sent", "answered"):
        grid = getattr(found.contact_times, name)
        numbers = {(day, hour): n for day, row in enumerate(grid) for hour, n in enumerate(row) if n}
        assert numbers == {key: number for key, number in expected[name].items() if number}, name
    assert found.begun_today == expected["begun"]
    assert (found.waiting, found.unanswered) == (expected["waiting"], expected["unanswered"])


def assert_exact(pages, zone: str, now: datetime) -> None:
    index_pending(seconds=60)
    existing = list(Page.objects.filter(pk__in=[page.pk for page in pages]))
    for some in [existing, *([page] for page in existing)]:
        rows = list(Conversation.objects.filter(page__in=some))
        found, expected = insight_of(*some, now=now), naive_insight(rows, zone, now)
        assert_same(found, expected)
        assert (found.conversations, found.is_exact) == (len(rows), True)
        filtered = SearchCriteria(tuple(page.pk for page in some), platform="messenger")
        assert_same(insight(filtered, now=now), expected)
    counts = MessageCount.objects.exclude(messages=0).values_list("page", "messages")
    messages = InteractionEvent.objects.filter(kind__startswith="message")
    assert dict(counts) == Counter(messages.values_list("conversation__page", flat=True))


# -- random changes ----------------------------------------------------------------------------------------
def some_moment(dice, now: datetime) -> datetime:
    days = dice.choice([0.2, 2, 30, 90, 91, 110, 400])
    return now - timedelta(seconds=dice.randint(0, int(days * 86_400)), microseconds=dice.randint(0, 999_999))


def write(dice, rows: list[Conversation], now: datetime) -> None:
    kinds = [RECEIVED] * 5 + [SENT] * 4 + ["message_unknown"]
    InteractionEvent.objects.bulk_create(
        InteractionEvent(
            conversation=dice.choice(rows),
            kind=dice.choice(kinds),
            graph_id=f"m_{dice.random()}",
            occurred_at=some_moment(dice, now).replace(microsecond=0),
            text=dice.choice(["", "hello"]),
        )
        for _ in range(dice.randint(1, 12))
    )


def change_something(dice, pages: list[Page], now: datetime) -> None:
    rows = list(Conversation.objects.filter(page__in=pages))
    events = list(InteractionEvent.objects.filter(kind__startswith="message"))
    if not rows or not events or dice.random() < 0.5:
        write(dice, [*rows, ConversationFactory(page=dice.choice(pages))], now)
        return
    row, event = dice.choice(rows), dice.choice(events)
    event.kind, event.occurred_at = (
        dice.choice([RECEIVED, SENT]),
        some_moment(dice, now).replace(microsecond=0),
    )
    changes = [
        event.save,
        event.delete,
        row.delete,
        lambda: set_status([row.pk], dice.choice(["done", "active"]), actor=None),
        lambda: row.events.filter(occurred_at__gte=now - timedelta(days=20)).delete(),
        lambda: InteractionEvent.objects.filter(pk__in=[event.pk]).update(kind=SENT),
    ]
    dice.choice(changes)()


def test_statistics_are_exact_after_random_changes(settings):
    seed = clock.time_ns() % 10**6
    print(f"seed {seed}")  # noqa: T201 - shown if the test fails
    dice = random.Random(seed)
    settings.TIME_ZONE = zone = dice.choice(ZONES)
    now = timezone.now()
    pages = [PageFactory(), PageFactory()]
    for number in range(50):
        change_something(dice, pages, now)
        if number % 3 == 0:
            assert_exact(pages, zone, now)
    assert_exact(pages, zone, now)
    Page.objects.get(pk=pages[0].pk).delete()
    assert_exact(pages, zone, now)
    assert not MessageBucket.objects.exclude(page=pages[1].pk).exists()
    Page.objects.get(pk=pages[1].pk).delete()
    index_pending(seconds=60)
    assert not any(
        table.objects.exists() for table in (MessageBucket, WeeklyReplyTimes, ConversationStats, MessageCount)
    )


def test_every_time_zone_offset_is_a_multiple_of_a_slot():
    today = timezone.now()
    for back in range(0, 365, 30):
        for name in available_timezones():
            offset = (today - timedelta(days=back)).astimezone(ZoneInfo(name)).utcoffset()
            assert offset.total_seconds() % 900 == 0, name


def test_reply_time_starts_at_the_first_unanswered_message():
    row = ConversationFactory()
    now = (timezone.now() - timedelta(days=1)).replace(hour=12, minute=0, second=0, microsecond=0)
    for kind, minutes in ((RECEIVED, 60), (RECEIVED, 50), (SENT, 40), (SENT, 30), (RECEIVED, 20), (SENT, 19)):
        EventFactory(conversation=row, kind=kind, occurred_at=now - timedelta(minutes=minutes))
    EventFactory(conversation=row, occurred_at=now - timedelta(minutes=5))
    fold_messages(0)
    found = insight_of(row.page, now=now)
    assert found.replies[-1][1:] == ((20 * 60 + 60) // 2, 2)
    assert found.today[1:] == (4, 3)
    assert (found.begun_today, found.waiting) == (1, 1)
    set_status([row.pk], "done", actor=None)
    fold_messages(0)
    assert insight_of(row.page, now=now).waiting == 0


def test_waiting_since_before_the_oldest_slot_is_not_a_first_message():
    row = ConversationFactory()
    now = timezone.now()
    for kind, days in ((RECEIVED, 140), (RECEIVED, 3), (SENT, 2)):
        EventFactory(conversation=row, kind=kind, occurred_at=now - timedelta(days=days))
    fold_messages(0)
    found = insight_of(row.page, now=now)
    assert sum(number for _, _, number in found.replies) == 0
    assert (found.begun_today, sum(received for _, received, _ in found.days)) == (0, 1)


def test_changing_only_the_time_of_a_message_moves_it():
    now = timezone.now()
    event = EventFactory(occurred_at=now)
    fold_messages(0)
    event.occurred_at = now - timedelta(days=3)
    event.save()
    fold_messages(0)
    days = insight_of(event.conversation.page, now=now).days
    assert [received for _, received, _ in days[-4:]] == [1, 0, 0, 0]


@pytest.mark.parametrize("zone", ZONES)
def test_weeks_start_on_monday_at_midnight_in_the_time_zone(zone, settings):
    settings.TIME_ZONE = zone
    row, now = ConversationFactory(), timezone.now()
    today = now.astimezone(ZoneInfo(zone)).date()
    monday = today - timedelta(days=today.weekday() + 7)
    midnight = datetime(monday.year, monday.month, monday.day, tzinfo=ZoneInfo(zone))
    for minutes, kind in ((-2, RECEIVED), (-1, SENT), (0, RECEIVED), (2, SENT)):
        EventFactory(conversation=row, kind=kind, occurred_at=midnight + timedelta(minutes=minutes))
    fold_messages(0)
    before, week, _ = insight_of(row.page, now=now).replies[-3:]
    assert before == (monday - timedelta(days=7), 60, 1)
    assert week == (monday, 120, 1)


def test_old_sums_are_deleted_and_do_not_come_back():
    row = ConversationFactory()
    now = timezone.now()
    for kind, days in ((RECEIVED, 95), (SENT, 94), (RECEIVED, 3), (SENT, 2)):
        EventFactory(conversation=row, kind=kind, occurred_at=now - timedelta(days=days))
    fold_messages(0)
    later = now + timedelta(days=30)
    insight_index.drop_old(now=later)
    assert MessageBucket.objects.filter(received__gt=0).count() == 1
    insight_index.update_stats([row.pk], now=later)
    assert MessageBucket.objects.filter(received__gt=0).count() == 1
    assert not MessageBucket.objects.filter(received__lt=0).exists()
    assert sum(received for _, received, _ in insight_of(row.page, now=later).days) == 1
    Page.objects.all().delete()
    MessageBucket.objects.create(page_id=row.page_id, slot=2**30)  # by an index update during the deletion
    insight_index.drop_old(now=later)
    assert not MessageBucket.objects.exists()


def test_statistics_are_not_exact_while_messages_are_queued():
    row = ConversationFactory()
    assert insight_of(row.page).is_exact
    EventFactory(conversation=row, occurred_at=timezone.now())
    assert not insight_of(row.page).is_exact
    fold_messages(0)
    assert insight_of(row.page).is_exact


def test_filter_limits_statistics_to_the_newest_matches(monkeypatch):
    page, (tag, other), now = PageFactory(), TagFactory.create_batch(2), timezone.now()
    rows = ConversationFactory.create_batch(3, page=page)
    for row in rows:
        EventFactory(conversation=row, occurred_at=now)
    tag_conversations([rows[0].pk, rows[1].pk], [tag], actor=None)
    tag_conversations([rows[1].pk], [other], actor=None)
    fold_messages(0)
    question = SearchCriteria((page.pk,), include=(tag.pk,))
    found = insight(question, now=now)
    assert (found.conversations, found.today[1], found.is_exact) == (2, 2, True)
    assert [(label["id"], number) for label, number in found.tags] == [(tag.pk, 2), (other.pk, 1)]
    monkeypatch.setattr(insight_queries, "MAX_CONVERSATIONS", 1)
    found = insight(question, now=now)
    assert (found.conversations, found.today[1], found.is_exact) == (2, 1, False)
    assert [(label["id"], number) for label, number in found.tags] == [(tag.pk, 1), (other.pk, 1)]
    empty = insight(SearchCriteria((page.pk,), include=()))
    assert (empty.conversations, empty.today[1:], empty.tags) == (0, (0, 0), [])


def test_messages_that_no_trigger_counted_are_counted():
    page, now = PageFactory(), timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # triggers do not run
        write(random.Random(3), ConversationFactory.create_batch(4, page=page), now)
        cursor.execute("SET session_replication_role = DEFAULT")
        assert not MessageCount.objects.exists()
    sql.recount(connection)
    sql.requeue(connection)
    index_pending(seconds=60)
    expected = naive_insight(list(Conversation.objects.all()), "UTC", now)
    assert expected["days"]
    assert_same(insight_of(page, now=now), expected)
    assert MessageCount.objects.get().messages == InteractionEvent.objects.count()


def test_statistics_of_pages_take_six_queries(django_assert_num_queries):
    pages = PageFactory.create_batch(3)
    with django_assert_num_queries(6):
        insight_of(*pages)
