"""Folds stored texts by the present rule (lib/folding.py), in slices, after an upgrade that changed the rule.

A migration inserts the row of `Refolding`. A search also finds texts of the former rule.
"""

import time

from django.db import transaction

from conversations.lib.folding import UNSPACED, search_text
from conversations.lib.locks import lock_rows
from conversations.lib.sql_files import read_statements
from conversations.models import Conversation
from conversations.models.search import Refolding
from conversations.search.index.message_index import index_batch
from conversations.search.sql import Sql, run

SLICE = 100  # conversations per transaction, during which nobody else writes rows of their Pages

STATEMENTS = read_statements(__file__)


def refold(*, seconds: float) -> bool:
    """Fold texts for at most about `seconds`. Return whether all texts are folded by the present rule."""
    started = time.monotonic()
    while time.monotonic() - started < seconds:
        if not refold_slice():
            return True
    return not Refolding.objects.exists()


def refold_slice() -> bool:
    """Fold the texts of the next conversations. Return whether there were any left."""
    with transaction.atomic():
        progress = Refolding.objects.select_for_update().first()
        if progress is None:
            return False
        ids = _next_ids(progress)
        _refold_names(ids)
        run(Sql.compose(STATEMENTS["queue_messages"], ids=ids))
    index_batch(SLICE)  # now, so that a search in messages never waits for more than a slice
    return bool(ids)


def _next_ids(progress: Refolding) -> list[int]:
    """Return the next conversations, and keep others from writing them. Without any, the work is finished."""
    rows = Conversation.objects.filter(pk__gt=progress.position).order_by("pk")
    found = dict(rows.values_list("pk", "page_id")[:SLICE])
    if not found:
        progress.delete()
        return []
    progress.position = max(found)
    progress.save()
    lock_rows(found.values())
    return list(found)


def _refold_names(ids: list[int]) -> None:
    rows = Conversation.objects.filter(pk__in=ids).values_list("pk", "sender_name", "last_message", "search")
    texts = {pk: (search_text(name, last_message), search) for pk, name, last_message, search in rows}
    # The index has further keys of texts without spaces, also where the text stays the same.
    changed = {pk: new for pk, (new, old) in texts.items() if new != old or UNSPACED.search(new)}
    values = {"ids": list(changed), "texts": list(changed.values())}
    # PostgreSQL computes the keys again only where the text changes, so it changes twice.
    run(Sql.compose(STATEMENTS["clear"], ids=values["ids"]))
    run(Sql.compose(STATEMENTS["set"], **values))
