"""Writes what is planned, in short transactions: the people of one Page, some at a time.

Each transaction holds the lock of the Page's rows and looks again at what it writes: syncs, webhooks and
staff go on meanwhile. An import that was broken off leaves whole slices, and the next one finds them done.
"""

import uuid
from collections import Counter
from datetime import datetime

from django.db import connection, transaction

from conversations.actions.tagging import import_tags
from conversations.imports.legacy import planning
from conversations.imports.legacy.planning import (
    PagePlan,
    drop_erased,
    drop_old_people,
    groups_to_create,
)
from conversations.imports.legacy.staging import Report, Staged
from conversations.lib.days import kept_from
from conversations.lib.names import is_placeholder
from conversations.lib.notify import notify_changes
from conversations.lib.sql_files import read_statements
from conversations.search.sql import Sql
from conversations.sync.load.suppression import SuppressionList
from tags.models import TooManyTags, create_tag

STATEMENTS = read_statements(__file__)


def create_tags(staged: Staged, *, dry_run: bool) -> tuple[int, list[str]]:
    """Create the tags that are missing. Return how many, and the names of those that are too many."""
    created = 0
    refused: list[str] = []
    for number in groups_to_create(staged):
        group = staged.groups[number]
        color = {"color": group.color} if group.color else {}
        try:
            tag = None if dry_run else create_tag(group.name, **color)
        except TooManyTags:
            refused.append(group.name)
            planning.leave_tag_out(number)
            continue
        created += 1
        if tag:
            planning.execute("set_tag", tag=tag.pk, number=number)
    return created, refused


def write(plans: list[PagePlan], now: datetime, report: Report) -> None:
    """Write everything. The plans then say what was really written."""
    total, done = sum(each.people for each in plans), 0
    operation = uuid.uuid4()
    for each in plans:
        suppressed = SuppressionList(each.page)
        written: Counter[str] = Counter()
        for first, last in each.slices():
            written += _write_slice(each, suppressed, operation, {"first": first, "last": last, "now": now})
            done += last - first + 1
            report("Writing", min(done, total), total)
        each.matched = each.people - written["conversations"]
        each.known += each.new - written  # somebody else was faster
        each.new = Counter({name: number for name, number in written.items() if name != "conversations"})


@transaction.atomic
def _write_slice(
    each: PagePlan, suppressed: SuppressionList, operation: uuid.UUID, keys: dict
) -> Counter[str]:
    suppressed.lock_and_load()
    if suppressed.has_people:
        each.people -= drop_erased(each.page, suppressed, keys["first"], keys["last"])
    planning.execute("find_conversations", first=keys["first"], last=keys["last"])
    since = kept_from()
    if since:
        each.people -= drop_old_people(since, keys["first"], keys["last"])
    written = Counter(conversations=_execute("insert_conversations", keys))
    _execute("make_slice", keys)
    named = _set_names(keys)
    tags = Sql.compose(STATEMENTS["tags_of_people"], **keys)
    written["tags"] = import_tags(tags, operation=operation, since=since)
    written["messages"] = _execute("insert_messages", keys)
    written["notes"] = _execute("insert_notes", keys)
    if named or any(written.values()):
        notify_changes([each.page.pk])
    return written


def _set_names(keys: dict) -> int:
    """Give people a name who are stored without one."""
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS["other_names"], keys)
        rows = cursor.fetchall()
    found = [
        (pk, name, folded) for pk, sender, stored, name, folded in rows if is_placeholder(stored, sender)
    ]
    if not found:
        return 0
    ids, names, folded = (list(column) for column in zip(*found, strict=True))
    return _execute("set_names", {"ids": ids, "names": names, "folded": folded, "now": keys["now"]})


def _execute(name: str, keys: dict) -> int:
    """Run a statement, and return how many rows it has written."""
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS[name], keys)
        return cursor.rowcount
