"""Numbers about conversations and their messages, of the last DAYS days, in TIME_ZONE.

Of Pages as a whole they come from sums that are kept (shares.py); with filters from the shares of the newest
MOST conversations that fit. Both know what the job has folded so far: it is some seconds behind.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone

from conversations.reading import totals
from conversations.reading.finding import ids, needs_sizes, read_sizes
from conversations.reading.insight_tables import SLOT_SECONDS, WEEK_SLOTS, unpacked
from conversations.reading.listing import SEARCH_SECONDS
from conversations.reading.messages import catch_up
from conversations.reading.selection import Selection
from conversations.reading.sql import Sql, at_most, rows, value

DAYS = 90
MOST = 2000  # conversations that fit a filter: a search walks some times as many
TAGS = 20

SLOTS = (
    "SELECT slot, sum(received), sum(sent), sum(begun), sum(waiting) FROM conversations_messageslot"
    " WHERE page_id = ANY(%s::bigint[]) AND slot >= %s AND slot < %s GROUP BY slot"
)
WEEKS = (
    "SELECT asked, seconds FROM conversations_replyweek"
    " WHERE page_id = ANY(%s::bigint[]) AND week BETWEEN %s AND %s"
)
SHARES = (
    "SELECT received, sent, asked, seconds, begun, waiting FROM conversations_insightshare"
    " WHERE conversation_id = ANY(%s::bigint[])"
)
TAGGED = (
    "SELECT tag.id, tag.name, tag.slug, tag.color, counted.number FROM ({}) counted"  # noqa: S608 - a number
    " JOIN tags_tag tag ON tag.id = counted.tag_id"
    f" WHERE counted.number > 0 ORDER BY counted.number DESC, tag.name LIMIT {TAGS}"
)
TAGS_OF_PAGES = (
    "SELECT tag_id, sum(conversations)::bigint AS number FROM conversations_tagcount"
    " WHERE page_id = ANY(%s::bigint[]) GROUP BY 1"
)
TAGS_OF_ROWS = (
    "SELECT tag_id, count(*) AS number FROM conversations_conversationtag"
    " WHERE conversation_id = ANY(%s::bigint[]) GROUP BY 1"
)
IS_BEHIND = "SELECT EXISTS (SELECT FROM conversations_messagequeue)"

Slots = Mapping[int, int]  # how many there are in each slot
Replies = Iterable[tuple[bytes, bytes]]  # slots in order and seconds, packed and parallel


@dataclass(frozen=True)
class Span:
    """The days that are shown, of which the last is today."""

    first: date
    last: date

    @staticmethod
    def until(now: datetime) -> "Span":
        today = timezone.localdate(now)
        return Span(today - timedelta(days=DAYS - 1), today)

    @property
    def slots(self) -> tuple[int, int]:
        """The first, and the one after the last."""
        return slot_of(self.first), slot_of(self.last + timedelta(days=1))

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(days=number) for number in range(DAYS)]

    @property
    def weeks(self) -> list[date]:
        """The Monday of each week that it touches."""
        monday = self.first - timedelta(days=self.first.weekday())
        return [monday + timedelta(days=number) for number in range(0, (self.last - monday).days + 1, 7)]


def slot_of(day: date) -> int:
    """The one with which it begins in TIME_ZONE."""
    begin = datetime.combine(day, time.min, tzinfo=timezone.get_current_timezone())
    return int(begin.timestamp()) // SLOT_SECONDS


@dataclass
class Insight:
    """`days`: (date, received, sent). `hours`: received by weekday, Monday first, and hour of the day.
    `replies`: (Monday, median seconds or None, how many) by when the customer asked. `tags`: (tag, number).
    """

    span: Span
    days: list[tuple[date, int, int]]
    hours: list[list[int]]
    replies: list[tuple[date, int | None, int]]
    begun_today: int  # conversations whose first message came today
    waiting: int  # conversations in which the customer wrote last, in these days
    tags: list[tuple[dict[str, Any], int]] = field(default_factory=list)
    conversations: int = 0
    is_exact: bool = True

    @property
    def today(self) -> tuple[date, int, int]:
        return self.days[-1]


# -- what is asked -----------------------------------------------------------------------------------------
def insight(selection: Selection, *, now: datetime | None = None) -> Insight:
    """Raises TooSlow."""
    span = Span.until(now or timezone.now())
    if selection == Selection(selection.page_ids, selection.everywhere):
        return of_pages(list(selection.page_ids), span)
    behind = catch_up() if selection.in_messages else 0
    with at_most(SEARCH_SECONDS):
        found = of_conversations(selection, span)
    found.is_exact = found.is_exact and not behind
    return found


def of_pages(page_ids: list[int], span: Span) -> Insight:
    """Five queries over what is kept."""
    start, end = span.slots
    slots = rows(Sql.of(SLOTS, page_ids, start, end))
    columns = [{row[0]: int(row[n]) for row in slots if row[n]} for n in range(1, 5)]
    weeks = rows(Sql.of(WEEKS, page_ids, start // WEEK_SLOTS, end // WEEK_SLOTS))
    found = drawn(span, columns, weeks)
    found.tags = most_used(Sql.of(TAGS_OF_PAGES, page_ids))
    found.conversations = read_sizes(Selection(tuple(page_ids))).everything
    found.is_exact = not value(Sql(IS_BEHIND))
    return found


def of_conversations(selection: Selection, span: Span) -> Insight:
    chosen, number, is_all = newest(selection)
    shares = rows(Sql.of(SHARES, chosen))
    start, end = span.slots
    columns: list[Slots] = [within(b"".join(row[n] for row in shares), start, end) for n in (0, 1)]
    columns += [Counter(row[n] for row in shares if row[n] and start <= row[n] < end) for n in (4, 5)]
    found = drawn(span, columns, [(row[2], row[3]) for row in shares])
    found.tags = most_used(Sql.of(TAGS_OF_ROWS, chosen))
    found.conversations = number
    found.is_exact = is_all and not value(Sql(IS_BEHIND))
    return found


def newest(selection: Selection) -> tuple[list[int], int, bool]:
    """Up to MOST conversations that fit, how many fit (about, where nobody knows), and if these are all."""
    if selection.is_impossible:
        return [], 0, True
    sizes = read_sizes(selection)
    found = [pk for pk, _ in rows(ids(selection, sizes if needs_sizes(selection) else None, count=MOST + 1))]
    if len(found) <= MOST:
        return found, len(found), True
    return found[:MOST], totals.estimate(selection, sizes).number, False


def within(data: bytes, start: int, end: int) -> Slots:
    return {slot: number for slot, number in Counter(unpacked(data)).items() if start <= slot < end}


def most_used(counting: Sql) -> list[tuple[dict[str, Any], int]]:
    found = rows(counting.inside(TAGGED))
    return [(dict(zip(("id", "name", "slug", "color"), row, strict=False)), row[-1]) for row in found]


# -- what is made of it ------------------------------------------------------------------------------------
def drawn(span: Span, columns: Sequence[Slots], replies: Replies) -> Insight:
    """`columns`: received, sent, begun, waiting."""
    received, sent, begun, waiting = columns
    days = [[0, 0] for _ in range(DAYS)]
    hours = [[0] * 24 for _ in range(7)]
    places = local_places(span, timezone.get_current_timezone_name())
    start, _ = span.slots
    for slot, number in received.items():
        day, weekday, hour = places[slot - start]
        days[day][0] += number
        hours[weekday][hour] += number
    for slot, number in sent.items():
        days[places[slot - start][0]][1] += number
    today = slot_of(span.last)
    return Insight(
        span=span,
        days=[(day, came, went) for day, (came, went) in zip(span.days, days, strict=True)],
        hours=hours,
        replies=medians(span, replies),
        begun_today=sum(number for slot, number in begun.items() if slot >= today),
        waiting=sum(waiting.values()),
    )


@lru_cache(maxsize=4)  # it changes once a day, and takes longer than all else here
def local_places(span: Span, zone: str) -> list[tuple[int, int, int]]:
    """Of each slot in turn: the number of its day, the weekday and the hour in this time zone."""
    start, end = span.slots
    locals_ = [datetime.fromtimestamp(slot * SLOT_SECONDS, ZoneInfo(zone)) for slot in range(start, end)]
    return [((local.date() - span.first).days, local.weekday(), local.hour) for local in locals_]


def medians(span: Span, replies: Replies) -> list[tuple[date, int | None, int]]:
    """By the week of the question, cut at the ends of the span; of two middle values their mean."""
    start, end = span.slots
    weeks = span.weeks
    edges = [start, *(slot_of(monday) for monday in weeks[1:]), end]
    waits: list[list[int]] = [[] for _ in weeks]
    for packed_slots, packed_seconds in replies:
        asked, seconds = unpacked(packed_slots), unpacked(packed_seconds)
        places = [bisect_left(asked, edge) for edge in edges]
        for week, (first, last) in enumerate(pairwise(places)):
            waits[week] += seconds[first:last]
    return [
        (monday, int(median(found)) if found else None, len(found))
        for monday, found in zip(weeks, waits, strict=True)
    ]
