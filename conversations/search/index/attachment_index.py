"""Keeps the kinds of attachments of each conversation up to date."""

from collections import defaultdict
from collections.abc import Collection

import orjson

from conversations.lib.attachment_kinds import kinds_of
from conversations.lib.notify import notify_conversations
from conversations.lib.sql_files import read_statements
from conversations.search.sql import Sql, fetch_all

STATEMENTS = read_statements(__file__)


def update_attachment_kinds(conversation_ids: Collection[int]) -> set[int]:
    """Compute the kinds of these conversations from all their messages, and write those that have changed.

    Returns those conversations that another transaction is writing, for which a later call has to follow.
    """
    kinds = dict.fromkeys(conversation_ids, 0)
    for pk, attachments, data in fetch_all(Sql.compose(STATEMENTS["with_attachments"], ids=list(kinds))):
        kinds[pk] |= kinds_of(orjson.loads(attachments), orjson.loads(data))
    new = {"ids": list(kinds), "kinds": list(kinds.values())}
    written, busy = defaultdict(set), set()
    for pk, page_id, is_written in fetch_all(Sql.compose(STATEMENTS["set_kinds"], **new)):
        if is_written:
            written[page_id].add(pk)
        else:
            busy.add(pk)
    for page_id, ids in written.items():
        notify_conversations(page_id, ids)
    return busy
