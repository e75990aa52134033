"""Decides to which conversation a thread of an archive belongs: by what the customer wrote, never by a name.

A proof is a text of the customer, of three characters or more, that both have in the same second (or one
apart) and that no other conversation has in that second. What the business wrote proves nothing: automatic
answers go to hundreds of people in one second. The messages are staged (see `staging`).
"""

from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

from django.db import connection

from conversations.lib.folding import fold
from conversations.lib.names import is_placeholder
from conversations.lib.sql_files import read_statements
from conversations.lib.text import as_json
from conversations.models import Conversation, ImportedThread, ImportSuggestion
from conversations.sync.load.imported.staging import MIN_PROOF

STATEMENTS = read_statements(__file__)
ENOUGH, LONG = 2, 20  # proofs; characters of one that is enough if the names agree
FOUND = 0.9  # of the archive's texts
MAX_SUGGESTIONS = 5  # of one thread


class Candidate(NamedTuple):
    """A conversation that has `proofs` in common with a thread; `longest` is the length of one."""

    conversation: int
    proofs: int
    longest: int
    texts: int = 0
    found: int = 0

    @property
    def is_found(self) -> bool:
        return self.texts > 0 and self.found >= FOUND * self.texts


class Decision(NamedTuple):
    """The conversation to which a thread belongs; None: somebody has to say that, of the candidates."""

    conversation: int | None
    candidates: list[Candidate]


def undecided_threads(page_id: int, conversation_ids: Collection[int]) -> list[int]:
    """Return the threads without a decision about which these conversations may tell something."""
    rows = _fetch("undecided_threads", page=page_id, ids=list(conversation_ids), min_length=MIN_PROOF)
    return [pk for (pk,) in rows]


def decide() -> dict[int, Decision]:
    """Return by staged thread what follows from the staged texts. One without any proof is left out."""
    found: dict[int, list[Candidate]] = {}
    for thread, *values in _fetch("proofs"):
        found.setdefault(thread, []).append(Candidate(*values))
    counted = _with_texts(found)
    names = _names(counted)
    return {thread: _decision(candidates, names[thread]) for thread, candidates in counted.items()}


def _with_texts(found: dict[int, list[Candidate]]) -> dict[int, list[Candidate]]:
    pairs = [[thread, one.conversation] for thread, several in found.items() for one in several]
    if not pairs:
        return {}
    texts = {
        (thread, owner): numbers for thread, owner, *numbers in _fetch("found_texts", pairs=as_json(pairs))
    }
    return {
        thread: [_counted(one, texts.get((thread, one.conversation), (0, 0))) for one in several]
        for thread, several in found.items()
    }


def _counted(candidate: Candidate, numbers: Iterable[int]) -> Candidate:
    texts, found = numbers
    return candidate._replace(texts=texts, found=found)


def _names(found: dict[int, list[Candidate]]) -> dict[int, dict[int, bool]]:
    """Return by thread and conversation whether both have the same name."""
    threads = dict(ImportedThread.objects.filter(pk__in=found).values_list("pk", "customer_name"))
    owners = {one.conversation for several in found.values() for one in several}
    rows = Conversation.objects.filter(pk__in=owners).values_list("pk", "sender_name")
    names = dict(rows)
    return {
        thread: {
            one.conversation: _agree(threads[thread], names.get(one.conversation, "")) for one in several
        }
        for thread, several in found.items()
    }


def _agree(one: str, other: str) -> bool:
    return fold(one) == fold(other) and not is_placeholder(one, "")


def _decision(candidates: list[Candidate], agrees: dict[int, bool]) -> Decision:
    best = candidates[0]
    is_proved = best.proofs >= ENOUGH or (best.longest >= LONG and agrees[best.conversation])
    is_sure = len(candidates) == 1 and is_proved and best.is_found
    return Decision(best.conversation if is_sure else None, candidates[:MAX_SUGGESTIONS])


def save_suggestions(decisions: dict[int, Decision]) -> None:
    """Store what somebody has to decide, and that of the staged threads nothing else is to be decided."""
    open_ones = {thread: each for thread, each in decisions.items() if each.conversation is None}
    ImportSuggestion.objects.filter(thread__in=decisions, rejected_at=None).delete()
    ImportSuggestion.objects.bulk_create(
        ImportSuggestion(
            thread_id=thread,
            conversation_id=one.conversation,
            proofs=one.proofs,
            texts=one.texts,
            found=one.found,
        )
        for thread, each in open_ones.items()
        for one in each.candidates
    )
    threads = ImportedThread.objects.filter(pk__in=open_ones)
    threads.update(state=ImportedThread.State.SUGGESTED)


def _fetch(name: str, **parameters: Any) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS[name], parameters or None)
        return cursor.fetchall()
