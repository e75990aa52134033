"""When messages come from customers, and when those of the Page are answered, by weekday and hour.

Answered is a message after which the customer has written within a day. Both are counts of what happened;
fewer than MINIMUM observations lead to no conclusion. Messages that the Page has sent in the last day do not
count yet: their answer may still come.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import NamedTuple

from django.utils import timezone

from conversations.lib.sql_files import read_statements
from conversations.models.insight import ANSWER_SECONDS, SLOT_SECONDS
from conversations.search.index.insight_index import StatsBuilder
from conversations.search.sql import Sql, fetch_all

MINIMUM = 10  # observations
MAX_BEST = 3  # hours of the week
MAX_MESSAGES = 10_000  # of one conversation, the newest

STATEMENTS = read_statements(__file__)

Slots = Mapping[int, int]  # number by slot
Hours = list[list[int]]  # by weekday, Monday first, and hour


def no_hours() -> Hours:
    return [[0] * 24 for _ in range(7)]


class BusyHour(NamedTuple):
    """An hour of the week in which customers have written, and how often."""

    weekday: int
    hour: int
    observations: int


class Answers(NamedTuple):
    """How many messages of the Page were sent at some time, and how many of them were answered in time."""

    observations: int
    answered: int

    @property
    def share(self) -> float | None:
        """From 0 to 1; None if there are too few observations."""
        return round(self.answered / self.observations, 3) if self.observations >= MINIMUM else None


@dataclass
class ContactTimes:
    """The messages of customers, and those of the Page with the answered ones among them."""

    received: Hours = field(default_factory=no_hours)
    sent: Hours = field(default_factory=no_hours)
    answered: Hours = field(default_factory=no_hours)

    @property
    def busiest(self) -> list[BusyHour]:
        """The hours of the week in which customers have written most, and more than once.

        None if there are too few messages.
        """
        hours = [
            BusyHour(weekday, hour, number)
            for weekday, numbers in enumerate(self.received)
            for hour, number in enumerate(numbers)
            if number > 1
        ]
        is_enough = sum(map(sum, self.received)) >= MINIMUM
        return sorted(hours, key=lambda one: -one.observations)[:MAX_BEST] if is_enough else []

    @property
    def weekdays(self) -> list[Answers]:
        return [Answers(sum(sent), sum(done)) for sent, done in zip(self.sent, self.answered, strict=True)]

    @property
    def hours(self) -> list[Answers]:
        columns = zip(zip(*self.sent, strict=True), zip(*self.answered, strict=True), strict=True)
        return [Answers(sum(sent), sum(done)) for sent, done in columns]


def best(answers: list[Answers]) -> int | None:
    """Return which of these has the highest share, the first of equal ones.

    None if there are no two that can be compared, or nothing was answered.
    """
    shares = {number: one.share for number, one in enumerate(answers) if one.share is not None}
    if len(shares) < 2 or not any(shares.values()):
        return None
    return max(shares, key=lambda number: shares[number])


def first_open_slot(now: datetime) -> int:
    """The first slot in which a message of the Page does not count yet: it may still be answered."""
    return (int(now.timestamp()) - ANSWER_SECONDS) // SLOT_SECONDS


# -- of one conversation -----------------------------------------------------------------------------------
class ConversationTimes(NamedTuple):
    """The contact times of a conversation since its oldest message that counts."""

    times: ContactTimes
    since: datetime | None
    is_complete: bool  # False: it has more messages than MAX_MESSAGES


def times_of_conversation(conversation_id: int, *, now: datetime | None = None) -> ConversationTimes:
    """Compute the contact times of a conversation from its newest messages, in the current time zone."""
    query = Sql.compose(STATEMENTS["messages"], conversation=conversation_id, limit=MAX_MESSAGES + 1)
    messages = fetch_all(query)
    counted = messages[:MAX_MESSAGES][::-1]  # the oldest first
    stats = StatsBuilder()
    for kind, at in counted:
        stats.add_event(kind, at)
    zone, end = timezone.get_current_timezone(), first_open_slot(now or timezone.now())
    sent, answered = ([slot for slot in slots if slot < end] for slots in (stats.sent, stats.answered))
    times = ContactTimes(*(_local_hours(slots, zone) for slots in (stats.received, sent, answered)))
    since = datetime.fromtimestamp(counted[0][1], zone) if counted else None
    return ConversationTimes(times, since, len(messages) <= MAX_MESSAGES)


def _local_hours(slots: Iterable[int], zone: tzinfo) -> Hours:
    hours = no_hours()
    for slot, number in Counter(slots).items():
        local = datetime.fromtimestamp(slot * SLOT_SECONDS, zone)
        hours[local.weekday()][local.hour] += number
    return hours
