"""Finds the IDs under which Facebook shows the business, and keeps them on the Page.

A record may show such an ID itself (`ThreadPeople.found`). Otherwise threads are compared: a person writes
to one business, so an ID that stands in threads with several different people is the business's. Only threads
of two people count, and people who write in a thread without being listed in it. What earlier batches and
runs showed is in `Thread.people`, so the result does not depend on the order of the answers.

Of those who stand beside each other, the fewer are the business. An ID beside two people alone is decided
when the lists are read: it may also be a customer who wrote to two unknown IDs of the business.

Everything here runs in the caller's transaction, which holds `locks.lock_rows()`.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence

from django.db.models import QuerySet

from conversations.lib.folding import fold
from conversations.models import Conversation, ConversationAlias, Page, Thread
from conversations.sync.load.customer import GROUP, PAIR, WRITER, Unclear
from conversations.sync.load.transform import ThreadRows

# Why an ID is the business's, in `Page.business_aliases`.
ACCOUNT = "account"  # Facebook showed it with an ID or the user name of the account
THREADS = "threads"  # it stands in threads with several different people
# Or why it is not: a full run has shown that it is a person's.
PERSON = "person"
NOTE = {
    ACCOUNT: "Facebook also shows this business as {}.",
    THREADS: "Facebook also shows this business as {}: this ID stands in threads with several people.",
}
MAX_THREADS = 200  # stored ones to compare with; two are enough
CERTAIN = 3  # people beside an ID: then it is the business's, whatever the lists show later
Others = dict[str, dict[str, str]]  # by ID: the names of the people beside it, by their ID


def find_business_ids(page: Page, rows: Sequence[ThreadRows], *, is_final: bool) -> dict[str, str]:
    """Return further IDs of the business that these rows show, with their source. At most two queries.

    `is_final`: no more rows follow.
    """
    known = page.business_ids
    found = {key: ACCOUNT for row in rows for key in row.people.found if key not in known}
    unclear = {row.thread.graph_id: row for row in rows if _has_pair_or_writer(row)}
    if unclear:
        others, writers = _compare(page, unclear)
        several = _several(page, others, writers, {*known, *found}, is_final=is_final)
        found |= dict.fromkeys(several, THREADS)
    return found


def find_in_stored_threads(page: Page) -> dict[str, str]:
    """Return further IDs of the business that the stored threads show, when all lists are read."""
    others: Others = defaultdict(dict)
    writers: set[str] = set()
    _add_stored(page.threads.exclude(people=None), others, writers)
    pairs = others.keys() & set().union(*others.values())
    several = _several(page, others, writers - pairs, page.business_ids, is_final=True)
    return dict.fromkeys(several, THREADS)


def find_in_pairs(page: Page, seen: Others, known: Collection[str]) -> list[str]:
    """Return the IDs of the business, beside the known ones, that these pairs and stored threads show."""
    others: Others = defaultdict(dict)
    writers: set[str] = set()
    _add_stored(page.threads.exclude(people=None), others, writers)
    for key, people in seen.items():
        others[key] |= people
    pairs = others.keys() & set().union(*others.values())
    return _several(page, others, writers - pairs, known, is_final=True)


def forget_pairs(page: Page, found: Collection[str]) -> None:
    """Clear the people of threads that show one of these IDs and a customer: nothing is unclear any more."""
    threads = page.threads.filter(people__has_any_keys=list(found)).order_by("pk")
    clear = [
        thread.pk
        for thread in threads
        if len(thread.people or {}) == 2
        and thread.conversation_id
        and all(role == PAIR for role, _ in (thread.people or {}).values())
        and len(page.business_ids & (thread.people or {}).keys()) == 1
    ]
    page.threads.filter(pk__in=clear).update(people=None)


def save_business_ids(page: Page, found: dict[str, str]) -> None:
    """Keep the IDs on the Page. Other processes may have found some, too."""
    saved = Page.objects.select_for_update().only("business_aliases").get(pk=page.pk).business_aliases
    new = {key: {"source": source, "applied": False} for key, source in found.items()}
    page.business_aliases = new | {
        key: value for key, value in saved.items() if value["source"] != PERSON or key not in new
    }
    page.save(update_fields=["business_aliases"])


def revoke_business_ids(page: Page, wrong: Collection[str]) -> None:
    """Keep on the Page that these IDs are persons'."""
    saved = Page.objects.select_for_update().only("business_aliases").get(pk=page.pk).business_aliases
    page.business_aliases = saved | {key: {"source": PERSON, "applied": False} for key in wrong}
    page.save(update_fields=["business_aliases"])


def describe(found: dict[str, str]) -> list[str]:
    """Return a note for each ID."""
    return [NOTE[source].format(key) for key, source in sorted(found.items())]


# -- comparing threads -------------------------------------------------------------------------------------
def _compare(page: Page, unclear: dict[str, ThreadRows]) -> tuple[Others, set[str]]:
    """Return who stands beside whom, and the IDs that only wrote messages in threads of others."""
    others: Others = defaultdict(dict)
    writers: set[str] = set()
    for row in unclear.values():
        _add(others, writers, row.thread.people or {}, row.listed_id, _name(row))
    ids = list({key for row in unclear.values() for key in row.thread.people or {}})
    _add_stored(page.threads.filter(people__has_any_keys=ids).exclude(graph_id__in=unclear), others, writers)
    pairs = {
        key
        for row in unclear.values()
        for key, (role, _) in (row.thread.people or {}).items()
        if role == PAIR
    }
    return others, writers - pairs


def _add_stored(threads: QuerySet[Thread], others: Others, writers: set[str]) -> None:
    columns = ("people", "conversation__sender_id", "conversation__sender_name")
    for people, sender_id, name in threads.order_by("pk").values_list(*columns)[:MAX_THREADS]:
        _add(others, writers, people or {}, sender_id or "", name or "")


def _has_pair_or_writer(row: ThreadRows) -> bool:
    return any(role != GROUP for role, _ in (row.thread.people or {}).values())


def _name(row: ThreadRows) -> str:
    return row.conversation.sender_name if row.conversation else ""


def _add(others: Others, writers: set[str], people: Unclear, customer_id: str, name: str) -> None:
    pair = {key: person_name for key, (role, person_name) in people.items() if role == PAIR}
    for key in pair:
        others[key] |= {other: other_name for other, other_name in pair.items() if other != key}
    for key, (role, _) in people.items():
        if role == WRITER and customer_id and customer_id != key:
            others[key][customer_id] = name
            writers.add(key)


def _several(
    page: Page, others: Others, writers: set[str], known: Collection[str], *, is_final: bool
) -> list[str]:
    """Return the IDs beside several different people, first of all the one beside most.

    Each is removed from the others' people before the next one is looked for: a customer may stand in one
    thread with each of two IDs of the business.
    """
    found: list[str] = []
    customers = _customers(page, {key for key in writers if _are_different(others[key])})
    names = {page.name, page.instagram_username} - {""}  # those beside a customer
    candidates = {
        key: {other: name for other, name in people.items() if name not in names}
        for key, people in others.items()
        if key not in known and key not in customers and key not in page.known_people
    }
    while candidates:
        candidates = {
            key: {other: name for other, name in people.items() if other not in found and other not in known}
            for key, people in candidates.items()
            if key not in found
        }
        several = {
            key: people
            for key, people in candidates.items()
            if _are_different(people) and (key in writers or _is_business(key, candidates, is_final=is_final))
        }
        if not several:
            break
        found.append(min(several, key=lambda key: (-len(several[key]), len(key), key)))
    return found


def _is_business(key: str, candidates: Others, *, is_final: bool) -> bool:
    """Whether the business, and not its customers, is where this ID is: people write to few IDs."""
    mine, theirs = _sides(key, candidates)
    if mine.keys() & theirs.keys():  # a group: nobody can be told from it
        return True
    return _count(mine) < _count(theirs) and (is_final or _count(theirs) >= CERTAIN)


def _sides(key: str, candidates: Others) -> tuple[dict[str, str], dict[str, str]]:
    """Return those who are on the side of this ID, and those on the other, with their names."""
    sides: tuple[dict[str, str], dict[str, str]] = ({}, {})
    waiting = [(key, 0)]
    names = {other: name for people in candidates.values() for other, name in people.items()}
    while waiting:
        each, side = waiting.pop()
        if each not in sides[side]:
            sides[side][each] = names.get(each, "")
            waiting += [(other, 1 - side) for other in candidates.get(each, {})]
    return sides


def _are_different(people: dict[str, str]) -> bool:
    return _count(people) > 1


def _count(people: dict[str, str]) -> int:
    """Return how many people these are. One person may have two IDs, but then with the same name."""
    names = {fold(name) for name in people.values() if name}
    return len(names) + list(people.values()).count("")


def _customers(page: Page, ids: Collection[str]) -> set[str]:
    """Return those who have conversations of their own: they left a group, and their messages stayed."""
    if not ids:
        return set()
    senders = Conversation.objects.filter(page=page.pk, sender_id__in=ids).values_list("sender_id", flat=True)
    aliases = ConversationAlias.objects.filter(page=page.pk, sender_id__in=ids)
    return set(senders.union(aliases.values_list("sender_id", flat=True)))


def mark_applied(page: Page) -> None:
    """Note that the stored messages of all these IDs are marked as sent."""
    saved = Page.objects.select_for_update().only("business_aliases").get(pk=page.pk).business_aliases
    known = {key: value | {"applied": True} for key, value in page.business_aliases.items()}
    page.business_aliases = saved | known
    page.save(update_fields=["business_aliases"])
