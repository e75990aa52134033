"""Forgetting a person: the conversation with all that belongs to it, for good."""

import json
from dataclasses import asdict, dataclass

from django.db import connection, transaction
from django.db.models import F, Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils import timezone

from conversations.forgetting.tables import Erasure, Fingerprint, ForgottenKey, of_sender, of_thread
from conversations.locks import lock_rows
from conversations.models import Conversation, ConversationTag, InteractionEvent, Page, Thread
from conversations.reading.messages import FOLDERS

FORGOTTEN = "Forgotten: nothing of it is stored."  # why a thread is not: a word of the ledger
MESSAGES = Q(kind__startswith="message_")


@dataclass(frozen=True)
class Counts:
    """What goes, or went: rows of each. `history`: what staff did; `threads` are emptied, not deleted."""

    conversations: int
    messages: int
    history: int
    tags: int
    threads: int

    def as_dict(self) -> dict[str, int]:
        return asdict(self)


def would_forget(conversation: Conversation) -> Counts:
    """What forgetting whom this conversation is with would take out."""
    rows = _of_person(conversation)
    events = InteractionEvent.objects.filter(conversation__in=rows)
    messages = events.filter(MESSAGES).count()
    return Counts(
        conversations=rows.count(),
        messages=messages,
        history=events.count() - messages,
        tags=ConversationTag.objects.filter(conversation__in=rows).count(),
        threads=_threads(conversation).count(),
    )


@transaction.atomic
def forget(conversation: Conversation, *, actor) -> Counts | None:
    """Takes out all of this person on this Page, and sees to it that no sync brings them back.

    A sync in work waits for this transaction, or this for its batch, and asks in its next what is forgotten.
    None where somebody else was quicker.
    """
    page = conversation.page
    lock_rows([page.pk])
    _let_nobody_fold()
    counts = would_forget(conversation)
    if not counts.conversations:
        return None
    _remember(page, conversation)
    _empty_threads(_threads(conversation))
    delete_conversations(_of_person(conversation))
    now = timezone.now()
    Erasure.objects.create(
        kind=Erasure.Kind.PERSON, created_at=now, ended_at=now, **about(page, actor), **counts.as_dict()
    )
    return counts


def about(page: Page, actor) -> dict:
    """Of an Erasure: which Page, and who."""
    return {
        "page": page,
        "facebook_page_id": page.facebook_page_id,
        "page_name": page.name,
        "actor": actor,
        "actor_name": actor.get_username() if actor else "",
    }


def delete_conversations(rows: QuerySet[Conversation]) -> dict[str, int]:
    """Deletes them with all that hangs on them; how many rows of each model, by its label."""
    return rows.delete()[1]


def _of_person(conversation: Conversation) -> QuerySet[Conversation]:
    """Where the unique key is missing, a person may have several."""
    return Conversation.objects.filter(page=conversation.page_id, sender_id=conversation.sender_id)


def _threads(conversation: Conversation) -> QuerySet[Thread]:
    """Theirs, and those of which only a raw record tells that they are."""
    of_page = Thread.objects.filter(page=conversation.page_id)
    their_id = json.dumps(conversation.sender_id, ensure_ascii=False)
    named = of_page.filter(record__isnull=False).annotate(raw=Cast("record", TextField()))
    named = named.filter(raw__contains=their_id)
    return of_page.filter(
        Q(conversation__in=_of_person(conversation)) | Q(pk__in=list(named.values_list("pk", flat=True)))
    )


def _let_nobody_fold() -> None:
    """Whoever folds messages for the search could otherwise put a part back that is deleted here."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, 0)", [FOLDERS])


def _remember(page: Page, conversation: Conversation) -> None:
    keeper, _ = ForgottenKey.objects.get_or_create(facebook_page_id=page.facebook_page_id)
    graph_ids = _threads(conversation).values_list("graph_id", flat=True)
    digests = [of_sender(keeper.key, conversation.sender_id)]
    digests += [of_thread(keeper.key, graph_id) for graph_id in graph_ids]
    Fingerprint.objects.bulk_create(
        [Fingerprint(facebook_page_id=page.facebook_page_id, digest=digest) for digest in digests],
        ignore_conflicts=True,
    )
    ForgottenKey.objects.filter(pk=keeper.pk).update(forgotten_count=F("forgotten_count") + 1)


def _empty_threads(threads: QuerySet[Thread]) -> None:
    """They stay in the ledger, for Facebook lists them: by their id and why nothing of them is here."""
    ids = list(threads.values_list("pk", flat=True))
    Thread.objects.filter(pk__in=ids).update(
        conversation=None,
        updated_time=None,
        state=Thread.State.UNREADABLE,
        reason=FORGOTTEN,
        message_count=0,
        held_count=0,
        unreadable_count=0,
        audited_count=None,
        history=Thread.History.PARTIAL,
        complete_until=None,
        reading=None,
        record=None,
        told={},
    )
