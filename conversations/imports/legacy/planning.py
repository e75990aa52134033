"""Decides what is new: who the people are, and which tags, messages and notes of theirs Inbox does not have.

The plan is in temporary tables. It is made before anything is written, so that a dry run counts the same.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime

from django.db import connection, transaction
from msgspec import Struct, field

from conversations.imports.legacy.staging import Report, Staged
from conversations.lib.days import kept_from
from conversations.lib.labels import name_key
from conversations.lib.sql_files import read_statements
from conversations.models import Page
from conversations.sync.load.suppression import SuppressionList
from tags.models import Tag

STATEMENTS = read_statements(__file__)
SLICE = 1000  # people that are read or written together
NOTE_LETTERS = 5000
CONVERSATIONS, EVENTS = "messenger_conversations", "contact_interaction_events"
OPPORTUNITIES = "pipeline_opportunities"


class PagePlan(Struct):
    """What is to be done on one Page: the range of its people, and how much of each kind is new and known."""

    page: Page
    first: int = 0
    last: int = -1
    people: int = 0
    matched: int = 0
    new: Counter[str] = field(default_factory=Counter)
    known: Counter[str] = field(default_factory=Counter)

    def slices(self) -> Iterator[tuple[int, int]]:
        for first in range(self.first, self.last + 1, SLICE):
            yield first, min(first + SLICE - 1, self.last)


def plan(staged: Staged, now: datetime, report: Report) -> list[PagePlan]:
    """Compare what is staged with what Inbox has. Nothing of ours is changed."""
    since = kept_from()
    if since:
        _drop_old_rows(staged, since)
    for name in ("make_people", "make_copies", "index_people"):
        execute(name, now=now)
    _find_conversations(report)
    _find_tags(staged)
    for name in ("make_known", "make_decided", "make_new_tags", "drop_decided_tags", "make_new_messages"):
        execute(name)
    for kind, number in execute("count_doubled"):
        staged.drop(EVENTS, "doubled", number, kind)
    execute("drop_stored_messages")
    execute("set_kinds", now=now)
    execute("make_new_notes", letters=NOTE_LETTERS)
    execute("index_plan")
    for table, kind, reason, number in execute("count_problems", unnamed=sorted(staged.tags.unnamed)):
        staged.drop(table, reason, number, kind)
    _drop_people(staged, since, report)
    return _page_plans(staged)


def _drop_old_rows(staged: Staged, since: datetime) -> None:
    """Leave out what is too old to be kept (RETENTION_DAYS)."""
    execute("drop_texts")
    for kind, number in execute("drop_old_events", since=since):
        staged.drop(EVENTS, "too_old", number, kind)
    [(number,)] = execute("drop_old_notes", since=since)
    staged.drop(OPPORTUNITIES, "too_old", number)


def _drop_people(staged: Staged, since: datetime | None, report: Report) -> None:
    """Leave out people who wrote too long ago or were deleted here, with all that was planned for them."""
    erased = _drop_erased(staged, report)
    old = 0
    if since:
        [(last,)] = execute("last_person")
        old = drop_old_people(since, 1, last)
    if erased or old:
        execute("drop_plans_of_nobody")
    staged.drop(CONVERSATIONS, "erased", erased)
    staged.drop(CONVERSATIONS, "too_old", old)


def drop_old_people(since: datetime, first: int, last: int) -> int:
    """Forget those of these people who are new and wrote too long ago. Return how many."""
    return len(execute("drop_old_people", since=since, first=first, last=last))


def _find_conversations(report: Report) -> None:
    [(total,)] = execute("last_person")
    for first in range(1, total + 1, 10 * SLICE):
        last = min(first + 10 * SLICE - 1, total)
        execute("find_conversations", first=first, last=last)
        report("Comparing", last, total)


def _find_tags(staged: Staged) -> None:
    """Find our tags of the same names."""
    known = dict(Tag.objects.values_list("name_key", "pk"))
    for number, group in enumerate(staged.groups):
        if tag := known.get(name_key(group.name)):
            execute("set_tag", tag=tag, number=number)


def _drop_erased(staged: Staged, report: Report) -> int:
    """Leave out people who were deleted here. Return how many."""
    plans = _ranges(staged)
    total = sum(plan.people for plan in plans)
    done = dropped = 0
    for each in plans:
        with transaction.atomic():
            suppressed = SuppressionList(each.page)
            suppressed.lock_and_load()
        for first, last in each.slices() if suppressed.has_people else ():
            dropped += drop_erased(each.page, suppressed, first, last)
            done = min(done + SLICE, total)
            report("Comparing", done, total)
    return dropped


def drop_erased(page: Page, suppressed: SuppressionList, first: int, last: int) -> int:
    """Forget those of these people who were deleted. Return how many."""
    people = execute("people_of_page", page=page.pk, first=first, last=last)
    ids = [pk for pk, sender_id in people if suppressed.suppresses_sender(sender_id)]
    if ids:
        execute("drop_people", ids=ids)
    return len(ids)


def _ranges(staged: Staged) -> list[PagePlan]:
    return [PagePlan(staged.pages[page_id], *rest) for page_id, *rest in execute("ranges")]


def _page_plans(staged: Staged) -> list[PagePlan]:
    plans = {each.page.pk: each for each in _ranges(staged)}
    for page_id, what, number in execute("planned"):
        plans[page_id].new[what] += number
    totals: dict[int, Counter[str]] = defaultdict(Counter)
    for page_id, what, number in execute("totals", letters=NOTE_LETTERS):
        totals[page_id][what] += number
    for page_id, total in totals.items():
        plans[page_id].known = total - plans[page_id].new
    return list(plans.values())


def groups_to_create(staged: Staged) -> list[int]:
    """Return the groups that lack a tag here: somebody gets it, or nobody has it and it is new.

    One of which an earlier import brought rows was deleted or renamed here since: that counts.
    """
    used = dict.fromkeys((number for number, is_new in execute("used_groups") if is_new), True)
    used = {number: False for number, is_new in execute("used_groups") if not is_new} | used
    with_tag = {number for (number,) in execute("groups_with_tag")}
    return [
        number
        for number, group in enumerate(staged.groups)
        if number not in with_tag and used.get(number, not group.is_optional)
    ]


def unknown_pages() -> list[tuple[str, int]]:
    """Return the keys of Pages that Inbox does not have, with their conversations, most first."""
    return execute("unknown_pages")


def strangers(limit: int) -> list[str]:
    """Return some IDs of people that are none of Facebook's."""
    return [sender_id for _, sender_id in execute("strangers", limit=limit)]


def leave_tag_out(number: int) -> None:
    """Give nobody the tag of this group."""
    execute("drop_tags_of_group", number=number)


def execute(name: str, **parameters) -> list[tuple]:
    """Run a statement of this module, and return its rows."""
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS[name], parameters or None)
        return cursor.fetchall() if cursor.description else []
