"""Contact times equal a naive count; with few observations nothing is concluded."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from conversations.actions.tagging import tag_conversations
from conversations.models import InteractionEvent
from conversations.search import contact_times
from conversations.search.contact_times import Answers, ContactTimes, best, times_of_conversation
from conversations.search.criteria import SearchCriteria
from conversations.search.index.insight_index import update_stats
from conversations.search.index.message_index import index_pending
from conversations.search.insight_queries import insight
from tests.factories import ConversationFactory, EventFactory, TagFactory

pytestmark = pytest.mark.django_db

RECEIVED, SENT = "message_received", "message_sent"
NOW = timezone.now().replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=1)
MONDAY = NOW - timedelta(days=NOW.weekday() + 14, hours=2)


def write(row, *messages: tuple[str, datetime]) -> None:
    for number, (kind, at) in enumerate(messages):
        EventFactory(conversation=row, kind=kind, occurred_at=at, rank=number)


def cells(hours) -> dict[tuple[int, int], int]:
    return {(day, hour): n for day, numbers in enumerate(hours) for hour, n in enumerate(numbers) if n}


def both(row, **options) -> list[ContactTimes]:
    """Return the times of the conversation by its messages, and by the sums of its Page."""
    index_pending(seconds=60)
    page = SearchCriteria((row.page_id,))
    return [times_of_conversation(row.pk, **options).times, insight(page, **options).contact_times]


def test_answer_counts_within_24_hours_at_the_hour_of_our_message():
    row, day = ConversationFactory(), timedelta(days=1)
    second = timedelta(seconds=1)
    write(
        row,
        (SENT, MONDAY),
        (SENT, MONDAY + timedelta(hours=1)),
        (RECEIVED, MONDAY + day),  # in time for both
        (SENT, MONDAY + 2 * day),
        (RECEIVED, MONDAY + 3 * day + second),  # a second late
        (RECEIVED, MONDAY + 3 * day + 2 * second),
        (SENT, MONDAY + 7 * day),
    )
    for times in both(row, now=NOW):
        assert cells(times.sent) == {(0, 10): 2, (0, 11): 1, (2, 10): 1}
        assert cells(times.answered) == {(0, 10): 1, (0, 11): 1}
        assert cells(times.received) == {(1, 10): 1, (3, 10): 2}


def test_messages_of_the_last_day_do_not_count_yet():
    row = ConversationFactory()
    write(
        row,
        (SENT, NOW - timedelta(hours=25)),
        (SENT, NOW - timedelta(hours=23)),
        (RECEIVED, NOW - timedelta(hours=22)),
    )
    for times in both(row, now=NOW):
        assert (sum(map(sum, times.sent)), sum(map(sum, times.answered))) == (1, 1)
        assert sum(map(sum, times.received)) == 1


def test_late_message_makes_an_earlier_one_answered():
    row = ConversationFactory()
    write(row, (SENT, MONDAY), (RECEIVED, MONDAY + timedelta(hours=30)))
    assert [cells(times.answered) for times in both(row, now=NOW)] == [{}, {}]
    late = EventFactory(conversation=row, kind=RECEIVED, occurred_at=MONDAY + timedelta(hours=2))
    assert [cells(times.answered) for times in both(row, now=NOW)] == [{(0, 10): 1}] * 2
    late.delete()
    assert [cells(times.answered) for times in both(row, now=NOW)] == [{}, {}]


@pytest.mark.parametrize("zone", ["America/St_Johns", "Asia/Kathmandu", "Europe/Berlin"])
def test_hours_are_those_of_the_time_zone(zone):
    row = ConversationFactory()
    moments = [MONDAY - timedelta(hours=7 * number, minutes=10) for number in range(20)]
    write(row, *((RECEIVED, at) for at in moments))
    with timezone.override(ZoneInfo(zone)):
        for times in both(row, now=NOW):
            local = [at.astimezone(ZoneInfo(zone)) for at in moments]
            expected = [(at.weekday(), at.hour) for at in local]
            assert cells(times.received) == {place: expected.count(place) for place in expected}


def test_hour_that_a_day_has_twice_counts_both_times():
    """On 26 October 2025 the hour from 2 to 3 o'clock came twice in Berlin, and on 30 March never."""
    row, zone = ConversationFactory(), ZoneInfo("Europe/Berlin")
    autumn = datetime(2025, 10, 26, 0, 30, tzinfo=UTC)
    write(row, *((RECEIVED, autumn + timedelta(hours=number)) for number in range(3)))
    now = autumn + timedelta(days=30)
    index_pending(seconds=60)
    update_stats([row.pk], now=now)
    with timezone.override(zone):
        expected = {(6, 2): 2, (6, 3): 1}
        assert cells(times_of_conversation(row.pk, now=now).times.received) == expected
        assert cells(insight(SearchCriteria((row.page_id,)), now=now).contact_times.received) == expected
        spring = ConversationFactory()
        before = datetime(2025, 3, 30, 0, 30, tzinfo=UTC)
        write(spring, (RECEIVED, before), (RECEIVED, before + timedelta(hours=1)))
        assert cells(times_of_conversation(spring.pk, now=now).times.received) == {(6, 1): 1, (6, 3): 1}


def test_messages_of_archives_count():
    row = ConversationFactory()
    write(row, (SENT, MONDAY))
    answer = {"kind": RECEIVED, "occurred_at": MONDAY + timedelta(hours=2), "graph_id": None}
    EventFactory(conversation=row, data={"source": "archive", "ms": 0}, **answer)
    for times in both(row, now=NOW):
        assert (cells(times.received), cells(times.answered)) == ({(0, 12): 1}, {(0, 10): 1})


def test_stub_counts_once_its_message_has_come():
    row = ConversationFactory()
    write(row, (SENT, MONDAY))
    known = {"text": "", "occurred_at": MONDAY + timedelta(hours=2)}
    stub = EventFactory(conversation=row, kind=RECEIVED, data={"stub": True, "legacy_id": "7"}, **known)
    for times in both(row, now=NOW):
        assert (cells(times.received), cells(times.answered)) == ({}, {})
    InteractionEvent.objects.filter(pk=stub.pk).update(data={})  # a message without any content
    for times in both(row, now=NOW):
        assert (cells(times.received), cells(times.answered)) == ({(0, 12): 1}, {(0, 10): 1})


def test_filter_counts_only_its_conversations():
    row, tag = ConversationFactory(), TagFactory()
    write(row, (SENT, MONDAY), (RECEIVED, MONDAY + timedelta(hours=2)))
    write(ConversationFactory(page=row.page), (SENT, MONDAY), (SENT, MONDAY))
    tag_conversations([row.pk], [tag], actor=None)
    index_pending(seconds=60)
    found = insight(SearchCriteria((row.page_id,), include=(tag.pk,)), now=NOW).contact_times
    assert (cells(found.sent), cells(found.answered)) == ({(0, 10): 1}, {(0, 10): 1})
    whole = insight(SearchCriteria((row.page_id,)), now=NOW).contact_times
    assert (cells(whole.sent), cells(whole.answered)) == ({(0, 10): 3}, {(0, 10): 1})


def test_conversation_counts_its_newest_messages(monkeypatch):
    monkeypatch.setattr(contact_times, "MAX_MESSAGES", 3)
    row = ConversationFactory()
    write(row, *((RECEIVED, MONDAY + timedelta(hours=n)) for n in range(3)))
    found = times_of_conversation(row.pk, now=NOW)
    assert (found.since, found.is_complete) == (MONDAY, True)
    write(row, (SENT, MONDAY + timedelta(hours=9)))
    EventFactory(conversation=row, occurred_at=NOW, data={"stub": True})
    found = times_of_conversation(row.pk, now=NOW)
    assert (found.since, found.is_complete) == (MONDAY + timedelta(hours=1), False)
    assert cells(found.times.received) == {(0, 11): 1, (0, 12): 1}


def test_nothing_is_concluded_from_fewer_than_ten():
    times = ContactTimes()
    times.received[4][9] = 9
    assert times.busiest == []
    times.received[2][20] = 1
    assert times.busiest == [(4, 9, 9)], "one message alone is no habit"
    times.received[2][20] = 2
    assert times.busiest == [(4, 9, 9), (2, 20, 2)]
    assert [Answers(9, 9).share, Answers(10, 4).share, Answers(0, 0).share] == [None, 0.4, None]


def test_best_compares_at_least_two_times():
    few, half, most = Answers(9, 9), Answers(10, 5), Answers(20, 11)
    assert [best([few, half]), best([few, half, most, most]), best([])] == [None, 2, None]
    assert best([Answers(10, 0), Answers(10, 0)]) is None


def test_weekdays_and_hours_are_sums():
    times = ContactTimes()
    times.sent[0][10], times.sent[3][10], times.answered[3][10] = 2, 3, 1
    assert (times.weekdays[3], times.hours[10]) == ((3, 1), (5, 1))
