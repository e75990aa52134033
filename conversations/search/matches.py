"""The messages that a text search found in each conversation, with a snippet of the newest one."""

from collections import Counter, defaultdict

from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from conversations.lib.folding import fold_with_positions
from conversations.lib.sql_files import read_statements
from conversations.search.conditions import containing
from conversations.search.criteria import SearchCriteria, fold_term, fold_term_by_former_rules
from conversations.search.filters import MAX_SEARCH_LETTERS, TERM_TOO_SHORT
from conversations.search.index.message_index import SEPARATOR, index_pending
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


def with_text(events: QuerySet, conversation_id: int, term: str) -> QuerySet:
    """Return those of the conversation's events that are messages with this text, which is indexed first.

    Raises ValueError, which says what is wrong with the text.
    """
    if len(term) > MAX_SEARCH_LETTERS:
        raise ValueError(f"Use at most {MAX_SEARCH_LETTERS} letters, not {len(term)}.")
    former = fold_term_by_former_rules(term)
    criteria = SearchCriteria(page_ids=(), search=fold_term(term), former_searches=former)
    if criteria.is_short:
        raise ValueError(TERM_TOO_SHORT)
    index_pending()
    found = Sql.compose(
        STATEMENTS["matching_events"],
        separator=SEPARATOR,
        conversation=conversation_id,
        patterns=containing(criteria),
    )
    return events.filter(pk__in=RawSQL(found.text, found.params))  # noqa: S611 - parameters are no part of it


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
