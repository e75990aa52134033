"""Statistics of conversations and their messages over the last DAYS days, in the current time zone.

For whole Pages they come from stored sums (index/insight_index.py). With filters they are computed from the
statistics of the newest MAX_CONVERSATIONS conversations that match. New messages are included some seconds
later, when they are indexed.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from statistics import median
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext

from conversations.lib.sql_files import read_statements
from conversations.models.insight import SLOT_SECONDS, WEEK_SLOTS, unpack
from conversations.search import counts
from conversations.search.contact_times import ContactTimes, Hours, Slots, first_open_slot
from conversations.search.criteria import SearchCriteria
from conversations.search.index.message_index import index_pending
from conversations.search.list_sql import ids_query
from conversations.search.planner import needs_cardinalities, read_cardinalities
from conversations.search.sql import Sql, fetch_all, fetch_value

DAYS = 90
MAX_CONVERSATIONS = 2000  # that match a filter; a search scans several times as many rows
MAX_TAGS = MAX_ADS = 20
MAX_CHOICES = 100  # ads that a filter offers
EXAMINED_ADS = 500  # of all Pages, to find these

STATEMENTS = read_statements(__file__)
HAS_UNINDEXED = "SELECT EXISTS (SELECT FROM conversations_messageindexqueue)"

Replies = Iterable[tuple[bytes, bytes]]  # sorted slots and their seconds, packed


@dataclass(frozen=True)
class Span:
    """The range of days; the last one is today."""

    first: date
    last: date

    @staticmethod
    def until(now: datetime) -> "Span":
        today = timezone.localdate(now)
        return Span(today - timedelta(days=DAYS - 1), today)

    @property
    def slots(self) -> tuple[int, int]:
        """The first slot, and the one after the last."""
        return first_slot_of(self.first), first_slot_of(self.last + timedelta(days=1))

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(days=number) for number in range(DAYS)]

    @property
    def weeks(self) -> list[date]:
        """The Monday of each week that has a day in the range."""
        monday = self.first - timedelta(days=self.first.weekday())
        return [monday + timedelta(days=number) for number in range(0, (self.last - monday).days + 1, 7)]


def first_slot_of(day: date) -> int:
    """The slot in which a day begins in the current time zone."""
    begin = datetime.combine(day, time.min, tzinfo=timezone.get_current_timezone())
    return int(begin.timestamp()) // SLOT_SECONDS


class Ad(NamedTuple):
    """A Facebook ad, and how many conversations it brought if that was counted. The title may be empty."""

    id: str
    title: str
    conversations: int = 0

    def __str__(self) -> str:
        return self.title or gettext("Ad %(id)s") % {"id": self.id}


@dataclass
class Insight:
    """Statistics of a search.

    `days` has (date, received, sent). `hours` has the messages received by weekday, Monday first, and hour.
    `replies` has (Monday, median seconds or None, number of replies) by the time of the customer's message.
    `tags` has (tag, number of conversations). `ads` are those that brought most conversations.
    """

    span: Span
    days: list[tuple[date, int, int]]
    hours: list[list[int]]
    replies: list[tuple[date, int | None, int]]
    begun_today: int  # conversations whose first message is from today
    waiting: int  # open conversations without a reply to a message of these days
    unanswered: int  # the same that the first sync has stored as done: nobody waits
    contact_times: ContactTimes
    tags: list[tuple[dict[str, Any], int]] = field(default_factory=list)
    ads: list[Ad] = field(default_factory=list)
    conversations: int = 0
    is_exact: bool = True

    @property
    def today(self) -> tuple[date, int, int]:
        return self.days[-1]


# -- queries -----------------------------------------------------------------------------------------------
def insight(criteria: SearchCriteria, *, now: datetime | None = None) -> Insight:
    """Compute the statistics of a search."""
    now = now or timezone.now()
    span = Span.until(now)
    if criteria == SearchCriteria(criteria.page_ids, criteria.all_pages):
        return insight_of_pages(list(criteria.page_ids), span, now)
    unindexed = index_pending() if criteria.in_messages else 0
    result = insight_of_conversations(criteria, span, now)
    result.is_exact = result.is_exact and not unindexed
    return result


def insight_of_pages(page_ids: list[int], span: Span, now: datetime) -> Insight:
    """Read the stored sums of whole Pages, in six queries."""
    start, end = span.slots
    slots = fetch_all(Sql.compose(STATEMENTS["buckets"], pages=page_ids, start=start, end=end))
    columns = [{row[0]: row[n] for row in slots if row[n]} for n in range(1, 7)]
    first, last = start // WEEK_SLOTS, end // WEEK_SLOTS
    weeks = fetch_all(Sql.compose(STATEMENTS["reply_times"], pages=page_ids, first=first, last=last))
    result = build_insight(span, now, columns, weeks)
    result.tags = top_tags(Sql.compose(STATEMENTS["tags_of_pages"], pages=page_ids))
    result.ads = top_ads(Sql.compose(STATEMENTS["ads_of_pages"], pages=page_ids), page_ids)
    result.conversations = read_cardinalities(SearchCriteria(tuple(page_ids))).everything
    result.is_exact = not fetch_value(Sql(HAS_UNINDEXED))
    return result


def insight_of_conversations(criteria: SearchCriteria, span: Span, now: datetime) -> Insight:
    conversation_ids, number, is_all = newest_matching(criteria)
    stats = fetch_all(Sql.compose(STATEMENTS["stats"], ids=conversation_ids))
    start, end = span.slots
    columns: list[Slots] = [slots_between(b"".join(row[n] for row in stats), start, end) for n in (0, 1)]
    columns += [Counter(row[n] for row in stats if row[n] and start <= row[n] < end) for n in (4, 5, 6)]
    columns.append(slots_between(b"".join(row[7] for row in stats), start, end))
    result = build_insight(span, now, columns, [(row[2], row[3]) for row in stats])
    result.tags = top_tags(Sql.compose(STATEMENTS["tags_of_conversations"], ids=conversation_ids))
    ads = Sql.compose(STATEMENTS["ads_of_conversations"], ids=conversation_ids)
    result.ads = top_ads(ads, list(criteria.page_ids))
    result.conversations = number
    result.is_exact = is_all and not fetch_value(Sql(HAS_UNINDEXED))
    return result


def newest_matching(criteria: SearchCriteria) -> tuple[list[int], int, bool]:
    """Return up to MAX_CONVERSATIONS matches, the number of all matches, and whether these are all.

    The number of all matches is an estimate if there are more.
    """
    if criteria.is_empty:
        return [], 0, True
    cardinalities = read_cardinalities(criteria)
    sizes = cardinalities if needs_cardinalities(criteria) else None
    matches = [pk for pk, _ in fetch_all(ids_query(criteria, sizes, count=MAX_CONVERSATIONS + 1))]
    if len(matches) <= MAX_CONVERSATIONS:
        return matches, len(matches), True
    return matches[:MAX_CONVERSATIONS], counts.count_estimate(criteria, cardinalities).number, False


def slots_between(data: bytes, start: int, end: int) -> Slots:
    return {slot: number for slot, number in Counter(unpack(data)).items() if start <= slot < end}


def top_tags(counts_by_tag: Sql) -> list[tuple[dict[str, Any], int]]:
    matches = fetch_all(Sql.compose(STATEMENTS["top_tags"], counts=counts_by_tag, limit=MAX_TAGS))
    return [(dict(zip(("id", "name", "slug", "color"), row, strict=False)), row[-1]) for row in matches]


def top_ads(counts_by_ad: Sql, page_ids: list[int]) -> list[Ad]:
    """Return the ads that brought most conversations. `counts_by_ad` selects ad_id and number."""
    query = Sql.compose(STATEMENTS["top_ads"], counts=counts_by_ad, pages=page_ids, limit=MAX_ADS)
    return [Ad(*row) for row in fetch_all(query)]


def newest_ads(page_ids: list[int]) -> list[Ad]:
    """Return the newest ads that brought conversations of these Pages, without counting them."""
    limits = {"examined": EXAMINED_ADS, "limit": MAX_CHOICES}
    return [Ad(*row) for row in fetch_all(Sql.compose(STATEMENTS["newest_ads"], pages=page_ids, **limits))]


# -- results -----------------------------------------------------------------------------------------------
def build_insight(span: Span, now: datetime, columns: Sequence[Slots], replies: Replies) -> Insight:
    """Group the numbers by days, hours and weeks. `columns`: those of MessageBucket, by slot."""
    received, sent, begun, waiting, unanswered, answered = columns
    sums = [sums_by_hour(slots, span) for slots in (received, sent, answered)]
    recent = [recent_sums(slots, span, now) for slots in (sent, answered)]
    settled = [
        [all_ - new for all_, new in zip(*both, strict=True)] for both in zip(sums[1:], recent, strict=True)
    ]
    times = ContactTimes(*(hours_of_week(numbers, span) for numbers in (sums[0], *settled)))
    today = first_slot_of(span.last)
    return Insight(
        span=span,
        days=list(zip(span.days, sums_by_day(sums[0]), sums_by_day(sums[1]), strict=True)),
        hours=times.received,
        contact_times=times,
        replies=weekly_medians(span, replies),
        begun_today=sum(number for slot, number in begun.items() if slot >= today),
        waiting=sum(waiting.values()),
        unanswered=sum(unanswered.values()),
    )


def sums_by_hour(slots: Slots, span: Span) -> list[int]:
    """Return the sum of each local hour of the span, 24 for each day, also where the clock is changed."""
    places = local_hours(span, timezone.get_current_timezone_name())
    sums, (start, _) = [0] * (24 * DAYS), span.slots
    for slot, number in slots.items():
        sums[places[slot - start]] += number
    return sums


def recent_sums(slots: Slots, span: Span, now: datetime) -> list[int]:
    """The same of what may still be answered."""
    _, end = span.slots
    recent = range(first_open_slot(now), end)
    return sums_by_hour({slot: slots[slot] for slot in recent if slot in slots}, span)


def sums_by_day(sums: list[int]) -> list[int]:
    return [sum(sums[hour : hour + 24]) for hour in range(0, len(sums), 24)]


def hours_of_week(sums: list[int], span: Span) -> Hours:
    """Return the sums by weekday, Monday first, and hour."""
    days = [(weekday - span.first.weekday()) % 7 for weekday in range(7)]
    return [[sum(sums[24 * day + hour :: 24 * 7]) for hour in range(24)] for day in days]


@lru_cache(maxsize=16)  # one for each zone; changes daily, and takes longer than all else here
def local_hours(span: Span, zone: str) -> list[int]:
    """Return the number of the local hour of each slot in this time zone, from the first day on."""
    start, end = span.slots
    locals_ = [datetime.fromtimestamp(slot * SLOT_SECONDS, ZoneInfo(zone)) for slot in range(start, end)]
    return [24 * (local.date() - span.first).days + local.hour for local in locals_]


def weekly_medians(span: Span, replies: Replies) -> list[tuple[date, int | None, int]]:
    """Return (Monday, median seconds or None, number) by the week of the customer's message.

    The first and the last week include only days of the span. The median of two middle values is their mean.
    """
    start, end = span.slots
    weeks = span.weeks
    edges = [start, *(first_slot_of(monday) for monday in weeks[1:]), end]
    waits: list[list[int]] = [[] for _ in weeks]
    for packed_slots, packed_seconds in replies:
        slots, seconds = unpack(packed_slots), unpack(packed_seconds)
        bounds = [bisect_left(slots, edge) for edge in edges]
        for week, (first, last) in enumerate(pairwise(bounds)):
            waits[week] += seconds[first:last]
    return [
        (monday, int(median(seconds)) if seconds else None, len(seconds))
        for monday, seconds in zip(weeks, waits, strict=True)
    ]
