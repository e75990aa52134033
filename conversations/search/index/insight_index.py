"""Keeps the message statistics up to date: one row for each conversation, and their sums for each Page.

When a conversation changes, its statistics are computed again from all its events, and the sums change by the
difference. So the sums stay exact in every case: a message that arrives late, a message that was replaced, a
conversation or a Page that was deleted.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.utils import timezone

from conversations.lib.sql_files import read_statements
from conversations.models import Page
from conversations.models.insight import (
    ANSWER_SECONDS,
    KEPT_DAYS,
    SLOT_SECONDS,
    WEEK_SLOTS,
    ConversationStats,
    MessageBucket,
    WeeklyReplyTimes,
    pack,
    unpack,
)
from conversations.search.sql import Sql, fetch_all, run

STATEMENTS = read_statements(__file__)
RECEIVED, SENT = "message_received", "message_sent"
COUNTERS = ("received", "sent", "begun", "waiting", "unanswered", "answered")


def oldest_slot(now: datetime) -> int:
    """The oldest 15-minute slot that is stored; older ones are dropped."""
    return int((now - timedelta(days=KEPT_DAYS)).timestamp()) // SLOT_SECONDS


# -- one conversation --------------------------------------------------------------------------------------
@dataclass
class StatsBuilder:
    """Computes the statistics of one conversation from its events, which are added in their order.

    A reply time runs from the customer's first unanswered message to the next message of the Page. When staff
    set the conversation to done, no reply is due. One that is done although nobody has set it so is the past
    that a first sync has brought: nobody waits for a reply. A message of the Page is answered if the customer
    writes within ANSWER_SECONDS, whatever else the Page has sent meanwhile.
    """

    is_new: bool = True  # there is no earlier message
    is_waiting: bool = False
    is_done: bool = False
    received: list[int] = field(default_factory=list)
    sent: list[int] = field(default_factory=list)
    answered: list[int] = field(default_factory=list)
    asked: list[int] = field(default_factory=list)
    seconds: list[int] = field(default_factory=list)
    begun: int | None = None
    waiting_since: int | None = None  # None: no reply is due, or since before the oldest slot
    sent_since: list[int] = field(default_factory=list)  # by the Page since the customer wrote

    def add_event(self, kind: str, at: int) -> None:
        if kind in (RECEIVED, SENT):
            self._count(kind, at)
        if kind == RECEIVED:
            if not self.is_waiting:
                self.is_waiting, self.waiting_since = True, at
            return
        if kind == SENT and self.waiting_since is not None:
            self.asked.append(self.waiting_since // SLOT_SECONDS)
            self.seconds.append(at - self.waiting_since)
        self.is_waiting, self.waiting_since = False, None

    def _count(self, kind: str, at: int) -> None:
        slot = at // SLOT_SECONDS
        if self.is_new:
            self.begun, self.is_new = slot, False
        if kind == SENT:
            self.sent.append(slot)
            self.sent_since.append(at)
            return
        self.received.append(slot)
        answered = [sent for sent in self.sent_since if at - sent <= ANSWER_SECONDS]
        self.answered += [sent // SLOT_SECONDS for sent in answered]
        self.sent_since = []

    def build(self, conversation_id: int, page_id: int) -> ConversationStats:
        slot = None if self.waiting_since is None else self.waiting_since // SLOT_SECONDS
        return ConversationStats(
            conversation_id=conversation_id,
            page_id=page_id,
            received=pack(self.received),
            sent=pack(self.sent),
            answered=pack(self.answered),
            asked=pack(self.asked),
            seconds=pack(self.seconds),
            begun=self.begun,
            waiting=None if self.is_done else slot,
            unanswered=slot if self.is_done else None,
        )


def current_stats(conversation_ids: list[int], since: int) -> dict[int, ConversationStats]:
    """Compute the statistics of those conversations that have events since the slot `since`."""
    start = datetime.fromtimestamp(since * SLOT_SECONDS, tz=UTC)
    events = fetch_all(Sql.compose(STATEMENTS["events"], ids=conversation_ids, start=start))
    pages = {conversation_id: page_id for conversation_id, page_id, _, _ in events}
    before = Sql.compose(STATEMENTS["state_before"], ids=list(pages), start=start)
    builders = {
        pk: StatsBuilder(is_new=not has_earlier, is_waiting=last_kind == RECEIVED, is_done=is_done)
        for pk, last_kind, has_earlier, is_done in fetch_all(before)
    }
    for conversation_id, _, kind, at in events:
        builders[conversation_id].add_event(kind, at)
    return {pk: builder.build(pk, pages[pk]) for pk, builder in builders.items()}


# -- the sums ----------------------------------------------------------------------------------------------
def update_stats(conversation_ids: Iterable[int], *, now: datetime | None = None) -> None:
    """Update the statistics of these conversations and the sums of their Pages.

    The caller must hold the lock INDEX: two updates at the same time would add a difference twice.
    """
    ids, since = list(conversation_ids), oldest_slot(now or timezone.now())
    before, after = ConversationStats.objects.in_bulk(ids), current_stats(ids, since)
    changed = [pk for pk in before.keys() | after.keys() if not is_same(before.get(pk), after.get(pk))]
    old = [before[pk] for pk in changed if pk in before]
    new = [after[pk] for pk in changed if pk in after]
    update_buckets(old, new, since)
    update_weeks(old, new, since)
    ConversationStats.objects.filter(pk__in=[stats.pk for stats in old]).delete()
    ConversationStats.objects.bulk_create(new)


def is_same(one: ConversationStats | None, other: ConversationStats | None) -> bool:
    names = [column.attname for column in ConversationStats._meta.concrete_fields]
    return bool(one and other) and all(getattr(one, name) == getattr(other, name) for name in names)


def slot_increments(stats: ConversationStats) -> Iterator[tuple[str, int]]:
    """Yield each column and slot that these statistics add one to. The slot may be None."""
    yield from (("received", slot) for slot in unpack(stats.received))
    yield from (("sent", slot) for slot in unpack(stats.sent))
    yield from (("answered", slot) for slot in unpack(stats.answered))
    yield from ((name, getattr(stats, name)) for name in ("begun", "waiting", "unanswered"))


def update_buckets(old: list[ConversationStats], new: list[ConversationStats], since: int) -> None:
    changes: defaultdict[tuple[int, int], Counter[str]] = defaultdict(Counter)
    for group, sign in ((old, -1), (new, 1)):
        for stats in group:
            for name, slot in slot_increments(stats):
                if slot is not None and slot >= since:  # older slots were dropped, or will be
                    changes[stats.page_id, slot][name] += sign
    effective = {key: change for key, change in changes.items() if any(change.values())}
    if effective:
        pages, slots = zip(*effective, strict=True)
        columns = {name: [change[name] for change in effective.values()] for name in COUNTERS}
        run(Sql.compose(STATEMENTS["add_to_buckets"], pages=list(pages), slots=list(slots), **columns))


def update_weeks(old: list[ConversationStats], new: list[ConversationStats], since: int) -> None:
    changes: defaultdict[tuple[int, int], Counter[tuple[int, int]]] = defaultdict(Counter)
    for group, sign in ((old, -1), (new, 1)):
        for stats in group:
            for asked, seconds in zip(unpack(stats.asked), unpack(stats.seconds), strict=True):
                if asked >= since:
                    changes[stats.page_id, asked // WEEK_SLOTS][asked, seconds] += sign
    changes = defaultdict(Counter, {key: change for key, change in changes.items() if any(change.values())})
    pages, weeks = {page for page, _ in changes}, {week for _, week in changes}
    stored = {
        (row.page_id, row.week): row
        for row in WeeklyReplyTimes.objects.filter(page__in=pages, week__in=weeks)
    }
    existing = set(Page.objects.filter(pk__in=pages).values_list("pk", flat=True))
    WeeklyReplyTimes.objects.bulk_create(
        [merge_week(key, stored.get(key), change) for key, change in changes.items() if key[0] in existing],
        update_conflicts=True,
        unique_fields=["page", "week"],
        update_fields=["asked", "seconds"],
    )


def merge_week(
    key: tuple[int, int], row: WeeklyReplyTimes | None, change: Counter[tuple[int, int]]
) -> WeeklyReplyTimes:
    """Return the stored row of a week, or a new one, with the changes to its pairs of slot and seconds."""
    pairs = Counter(zip(unpack(row.asked), unpack(row.seconds), strict=True)) if row else Counter()
    pairs.update(change)
    replies = sorted(pairs.elements())
    asked, seconds = pack(asked for asked, _ in replies), pack(seconds for _, seconds in replies)
    return WeeklyReplyTimes(page_id=key[0], week=key[1], asked=asked, seconds=seconds)


def drop_old(*, now: datetime | None = None) -> None:
    """Delete the sums that are too old, and those of Pages that were deleted while the index was updated."""
    since = oldest_slot(now or timezone.now())
    MessageBucket.objects.filter(slot__lt=since).delete()
    WeeklyReplyTimes.objects.filter(week__lt=since // WEEK_SLOTS).delete()
    pages = Page.objects.values("pk")
    MessageBucket.objects.exclude(page__in=pages).delete()
    WeeklyReplyTimes.objects.exclude(page__in=pages).delete()
    ConversationStats.objects.exclude(page_id__in=pages).delete()
