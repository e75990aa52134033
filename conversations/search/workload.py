"""What the members of Pages do: conversations that they closed today, and those that are assigned to them.

Numbers are bounded: of MAX_MEMBERS members by name, and reply times of the newest MAX_CONVERSATIONS each.
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from statistics import median

from django.utils import timezone

from conversations.lib.sql_files import read_statements
from conversations.models.insight import SLOT_SECONDS, unpack
from conversations.models.roles import Role
from conversations.search.sql import Sql, fetch_all

MAX_MEMBERS = 100
MAX_CONVERSATIONS = 1000
REPLY_DAYS = 30
MAX_ACTS = 100  # that are shown at once
EXAMINED_ACTS = 5000  # of one user, on all Pages, to find those of one Page

STATEMENTS = read_statements(__file__)


@dataclass
class Workload:
    """The work of one user. `open` and `first_reply` (median seconds) are of conversations assigned to them.

    `first_reply` is None without replies in REPLY_DAYS days.
    """

    user: int
    name: str
    closed_today: int = 0
    open: int = 0
    first_reply: int | None = None


def workload(page_ids: Collection[int], *, users: Collection[int] | None = None) -> list[Workload]:
    """Return the work of the members of these Pages who may act there, and of superusers, by name.

    `users` chooses some of them. Today is that of the current time zone.
    """
    named = {"pages": list(page_ids), "users": None if users is None else list(users)}
    members = Sql.compose(
        STATEMENTS["members"], roles=list(Role.TAGGER.sufficient), limit=MAX_MEMBERS, **named
    )
    found = {pk: Workload(pk, name) for pk, name in fetch_all(members)}
    chosen = {"pages": list(page_ids), "users": list(found)}
    closed = Sql.compose(STATEMENTS["closed"], since=_midnight(), **chosen)
    for pk, number in fetch_all(closed):
        found[pk].closed_today = number
    _add_assigned(found, chosen)
    return list(found.values())


def _midnight() -> datetime:
    return datetime.combine(timezone.localdate(), time.min, tzinfo=timezone.get_current_timezone())


def _add_assigned(found: dict[int, Workload], chosen: dict[str, list[int]]) -> None:
    for pk, number in fetch_all(Sql.compose(STATEMENTS["open"], **chosen)):
        found[pk].open = number
    since = int((timezone.now() - timedelta(days=REPLY_DAYS)).timestamp()) // SLOT_SECONDS
    replies: defaultdict[int, list[int]] = defaultdict(list)
    for pk, asked, seconds in fetch_all(
        Sql.compose(STATEMENTS["replies"], limit=MAX_CONVERSATIONS, **chosen)
    ):
        pairs = zip(unpack(asked), unpack(seconds), strict=True)
        replies[pk] += [wait for slot, wait in pairs if slot >= since]
    for pk, waits in replies.items():
        found[pk].first_reply = int(median(waits)) if waits else None


@dataclass(frozen=True)
class Act:
    """Something that a user did in a conversation."""

    event: int
    conversation: int
    sender: str
    kind: str
    time: datetime
    tag: str  # the name of the tag, "" if it was about none
    status: str  # that it was set to, likewise


def acts_of(user_id: int, page_id: int, *, before: int | None = None) -> list[Act]:
    """Return what the user did on the Page, newest first, MAX_ACTS at most; `before` that event if given."""
    statement = STATEMENTS["acts_before" if before else "acts"]
    rows = fetch_all(
        Sql.compose(
            statement, user=user_id, page=page_id, before=before, examined=EXAMINED_ACTS, limit=MAX_ACTS
        )
    )
    return [Act(*row) for row in rows]
