"""The messages that a text search found in each conversation, with a snippet of the newest one."""

from collections import Counter, defaultdict

from conversations.lib.folding import fold_with_positions
from conversations.lib.sql_files import read_statements
from conversations.search.conditions import containing
from conversations.search.criteria import SearchCriteria
from conversations.search.index.message_index import SEPARATOR
from conversations.search.sql import Sql, fetch_all

SNIPPET_LETTERS = 60  # on each side of the term

STATEMENTS = read_statements(__file__)


def add_matches(criteria: SearchCriteria, conversations: list[dict]) -> list[dict]:
    """Add `matches` to each row: the number of matching messages, and id, time and snippet of the newest."""
    term = criteria.search or ""
    events: defaultdict[int, list[int]] = defaultdict(list)
    ids = [row["id"] for row in conversations]
    query = Sql.compose(STATEMENTS["matches"], separator=SEPARATOR, ids=ids, patterns=containing(criteria))
    for conversation_id, event_id in fetch_all(query):
        events[conversation_id].append(event_id)
    counts = Counter({pk: len(ids) for pk, ids in events.items()})
    all_ids = [event_id for ids in events.values() for event_id in ids]
    newest = {pk: rest for pk, *rest in fetch_all(Sql.compose(STATEMENTS["newest"], ids=all_ids))}
    for row in conversations:
        event_id, occurred_at, text = newest.get(row["id"], (None, None, ""))
        row["matches"] = {
            "count": counts[row["id"]],
            "event": event_id,
            "occurred_at": occurred_at,
            "snippet": snippet(text, term),
        }
    return conversations


def snippet(text: str, term: str) -> str:
    """Return the text around the first occurrence of a folded term. Folding may change its length."""
    folded, positions = fold_with_positions(text)
    found = folded.find(term)
    if found < 0 or not term:
        return cut(text, 0, 0)
    return cut(text, positions[found], positions[found + len(term) - 1] + 1)


def cut(text: str, first: int, last: int) -> str:
    """Return this part of the text with what is near it."""
    first, last = max(0, first - SNIPPET_LETTERS), last + SNIPPET_LETTERS
    return "…" * (first > 0) + text[first:last] + "…" * (last < len(text))
