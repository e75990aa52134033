"""What each conversation adds to the numbers about messages, and the sums of all that.

A conversation that changed is looked at anew as a whole: what it adds now is put in the place of what it
added before. So the sums are exact whatever happened and in which order: a message that came late into the
past, one that was replaced, a conversation or a Page that is gone.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.db import connection
from django.utils import timezone

from conversations.models import Page
from conversations.reading.insight_tables import (
    KEPT_DAYS,
    SLOT_SECONDS,
    WEEK_SLOTS,
    InsightShare,
    MessageSlot,
    ReplyWeek,
    packed,
    unpacked,
)
from conversations.reading.sql import Sql, rows

RECEIVED, SENT = "message_received", "message_sent"
COUNTED = ("received", "sent", "begun", "waiting")

TELLING = (
    "(e.kind IN ('message_received', 'message_sent') OR e.kind = 'status_changed' AND e.data->>'to' = 'done')"
)
KEPT = (
    "SELECT e.conversation_id, c.page_id, e.kind, floor(extract(epoch FROM e.occurred_at))::bigint"  # noqa: S608 - ours
    " FROM conversations_interactionevent e JOIN conversations_conversation c ON c.id = e.conversation_id"
    f" WHERE e.conversation_id = ANY(%s::bigint[]) AND e.occurred_at >= %s AND {TELLING}"
    " ORDER BY e.conversation_id, e.occurred_at, e.id"
)
OF_ONE_BEFORE = (
    "FROM conversations_interactionevent e WHERE e.conversation_id = known.id AND e.occurred_at < %s"
)
BEFORE = (
    f"SELECT known.id, (SELECT e.kind {OF_ONE_BEFORE} AND {TELLING}"  # noqa: S608 - ours
    " ORDER BY e.occurred_at DESC, e.id DESC LIMIT 1),"
    f" EXISTS (SELECT {OF_ONE_BEFORE} AND e.kind IN ('message_received', 'message_sent'))"
    " FROM unnest(%s::bigint[]) AS known(id)"
)
ADD = (
    "INSERT INTO conversations_messageslot AS kept (page_id, slot, received, sent, begun, waiting)"
    " SELECT page.id, slot, received, sent, begun, waiting FROM"
    " unnest(%s::bigint[], %s::int[], %s::int[], %s::int[], %s::int[], %s::int[])"
    " AS change(page_id, slot, received, sent, begun, waiting)"
    " JOIN conversations_page page ON page.id = change.page_id ORDER BY 1, 2"
    " ON CONFLICT (page_id, slot) DO UPDATE SET received = kept.received + excluded.received,"
    " sent = kept.sent + excluded.sent, begun = kept.begun + excluded.begun,"
    " waiting = kept.waiting + excluded.waiting"
)


def first_slot(now: datetime) -> int:
    """What is older is not kept."""
    return int((now - timedelta(days=KEPT_DAYS)).timestamp()) // SLOT_SECONDS


# -- one conversation --------------------------------------------------------------------------------------
@dataclass
class Reading:
    """Reads the messages of one conversation in their order.

    A reply: the time from the first message of the customer that nobody answered to the next message of the
    Page. Where staff set the conversation to done, it waits for none any more.
    """

    is_new: bool = True  # nothing was written before
    is_waiting: bool = False
    received: list[int] = field(default_factory=list)
    sent: list[int] = field(default_factory=list)
    asked: list[int] = field(default_factory=list)
    seconds: list[int] = field(default_factory=list)
    begun: int | None = None
    asked_at: int | None = None  # None: nobody waits, or since before what is kept

    def read(self, kind: str, at: int) -> None:
        slot = at // SLOT_SECONDS
        if kind in (RECEIVED, SENT):
            (self.received if kind == RECEIVED else self.sent).append(slot)
            if self.is_new:
                self.begun, self.is_new = slot, False
        if kind == RECEIVED:
            if not self.is_waiting:
                self.is_waiting, self.asked_at = True, at
            return
        if kind == SENT and self.asked_at is not None:
            self.asked.append(self.asked_at // SLOT_SECONDS)
            self.seconds.append(at - self.asked_at)
        self.is_waiting, self.asked_at = False, None

    def share(self, conversation_id: int, page_id: int) -> InsightShare:
        return InsightShare(
            conversation_id=conversation_id,
            page_id=page_id,
            received=packed(self.received),
            sent=packed(self.sent),
            asked=packed(self.asked),
            seconds=packed(self.seconds),
            begun=self.begun,
            waiting=None if self.asked_at is None else self.asked_at // SLOT_SECONDS,
        )


def shares_now(conversation_ids: list[int], since: int) -> dict[int, InsightShare]:
    """Of those conversations that have any."""
    start = datetime.fromtimestamp(since * SLOT_SECONDS, tz=UTC)
    kept = rows(Sql.of(KEPT, conversation_ids, start))
    pages = {conversation_id: page_id for conversation_id, page_id, _, _ in kept}
    readings = {
        pk: Reading(is_new=not was_written, is_waiting=last == RECEIVED)
        for pk, last, was_written in rows(Sql.of(BEFORE, start, start, list(pages)))
    }
    for conversation_id, _, kind, at in kept:
        readings[conversation_id].read(kind, at)
    return {pk: reading.share(pk, pages[pk]) for pk, reading in readings.items()}


# -- the sums ----------------------------------------------------------------------------------------------
def fold_shares(conversation_ids: Iterable[int], *, now: datetime | None = None) -> None:
    """Brings the sums up to date with these conversations. One at a time: the caller holds its lock."""
    ids, since = list(conversation_ids), first_slot(now or timezone.now())
    before, after = InsightShare.objects.in_bulk(ids), shares_now(ids, since)
    changed = [pk for pk in before.keys() | after.keys() if not is_same(before.get(pk), after.get(pk))]
    old = [before[pk] for pk in changed if pk in before]
    new = [after[pk] for pk in changed if pk in after]
    add_to_slots(old, new, since)
    add_to_weeks(old, new, since)
    InsightShare.objects.filter(pk__in=[share.pk for share in old]).delete()
    InsightShare.objects.bulk_create(new)


def is_same(one: InsightShare | None, other: InsightShare | None) -> bool:
    names = [column.attname for column in InsightShare._meta.concrete_fields]
    return bool(one and other) and all(getattr(one, name) == getattr(other, name) for name in names)


def counted(share: InsightShare) -> Iterator[tuple[str, int]]:
    """What it adds one to: a column, and the slot."""
    yield from (("received", slot) for slot in unpacked(share.received))
    yield from (("sent", slot) for slot in unpacked(share.sent))
    yield from ((name, getattr(share, name)) for name in ("begun", "waiting"))


def add_to_slots(old: list[InsightShare], new: list[InsightShare], since: int) -> None:
    changes: defaultdict[tuple[int, int], Counter[str]] = defaultdict(Counter)
    for shares, sign in ((old, -1), (new, 1)):
        for share in shares:
            for name, slot in counted(share):
                if slot is not None and slot >= since:  # what is older was dropped, or will be
                    changes[share.page_id, slot][name] += sign
    real = {key: change for key, change in changes.items() if any(change.values())}
    if real:
        pages, slots = zip(*real, strict=True)
        columns = [[change[name] for change in real.values()] for name in COUNTED]
        with connection.cursor() as cursor:
            cursor.execute(ADD, [list(pages), list(slots), *columns])


def add_to_weeks(old: list[InsightShare], new: list[InsightShare], since: int) -> None:
    changes: defaultdict[tuple[int, int], Counter[tuple[int, int]]] = defaultdict(Counter)
    for shares, sign in ((old, -1), (new, 1)):
        for share in shares:
            for asked, seconds in zip(unpacked(share.asked), unpacked(share.seconds), strict=True):
                if asked >= since:
                    changes[share.page_id, asked // WEEK_SLOTS][asked, seconds] += sign
    changes = defaultdict(Counter, {key: change for key, change in changes.items() if any(change.values())})
    pages, weeks = {page for page, _ in changes}, {week for _, week in changes}
    kept = {(row.page_id, row.week): row for row in ReplyWeek.objects.filter(page__in=pages, week__in=weeks)}
    living = set(Page.objects.filter(pk__in=pages).values_list("pk", flat=True))
    ReplyWeek.objects.bulk_create(
        [moved(key, kept.get(key), change) for key, change in changes.items() if key[0] in living],
        update_conflicts=True,
        unique_fields=["page", "week"],
        update_fields=["asked", "seconds"],
    )


def moved(key: tuple[int, int], row: ReplyWeek | None, change: Counter[tuple[int, int]]) -> ReplyWeek:
    pairs = Counter(zip(unpacked(row.asked), unpacked(row.seconds), strict=True)) if row else Counter()
    pairs.update(change)
    replies = sorted(pairs.elements())
    asked, seconds = packed(asked for asked, _ in replies), packed(seconds for _, seconds in replies)
    return ReplyWeek(page_id=key[0], week=key[1], asked=asked, seconds=seconds)


def drop_old(*, now: datetime | None = None) -> None:
    """Sums that are no longer shown, and what a fold wrote of a Page that was being deleted meanwhile."""
    since = first_slot(now or timezone.now())
    MessageSlot.objects.filter(slot__lt=since).delete()
    ReplyWeek.objects.filter(week__lt=since // WEEK_SLOTS).delete()
    pages = Page.objects.values("pk")
    MessageSlot.objects.exclude(page__in=pages).delete()
    ReplyWeek.objects.exclude(page__in=pages).delete()
    InsightShare.objects.exclude(page_id__in=pages).delete()
