"""Deletes a person for good: the conversation and everything that belongs to it."""

import json
from dataclasses import asdict, dataclass
from unicodedata import normalize

from django.db import transaction
from django.db.models import F, Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils import timezone

from conversations.lib.locks import lock_index, lock_rows
from conversations.lib.notify import notify_conversations
from conversations.media import archive
from conversations.models import (
    Conversation,
    ConversationAlias,
    ConversationTag,
    Export,
    ImportedThread,
    ImportSuggestion,
    InteractionEvent,
    Page,
    RemovedConversation,
    Thread,
)
from conversations.models.audit import Action, record
from conversations.models.imports import own_sender_id
from conversations.models.privacy import (
    PERSON_DELETED,
    Erasure,
    Fingerprint,
    ForgottenKey,
    MessageFingerprint,
    message_digest,
    sender_digest,
    thread_digest,
)
from conversations.privacy.traces import clear_traces
from conversations.sync.load.imported.months import change_months, months_of
from conversations.sync.load.imported.staging import MIN_PROOF
from conversations.sync.load.separation import mixed_ids
from conversations.webhooks.blanking import blank_people

MAX_FINGERPRINTS = 1000  # oldest, and newest messages of a deleted person
MESSAGES = Q(kind__startswith="message_")


@dataclass(frozen=True)
class PersonCounts:
    """The number of deleted rows. `history` counts what staff did; `threads` are emptied, not deleted."""

    conversations: int
    messages: int
    history: int
    tags: int
    threads: int

    def as_dict(self) -> dict[str, int]:
        return asdict(self)


def count_person(conversation: Conversation) -> PersonCounts:
    """Return what deleting the person of this conversation would delete."""
    rows = _conversations(conversation)
    events = InteractionEvent.objects.filter(conversation__in=rows)
    messages = events.filter(MESSAGES).count()
    return PersonCounts(
        conversations=rows.count(),
        messages=messages,
        history=events.count() - messages,
        tags=ConversationTag.objects.filter(conversation__in=rows).count(),
        threads=_threads(conversation).count(),
    )


@transaction.atomic
def delete_person(conversation: Conversation, *, actor) -> PersonCounts | None:
    """Delete everything of this person on this Page. No sync will store it again.

    This transaction and the batches of a running sync wait for each other; the next batch reads the new
    fingerprints. Return None if the person was already deleted.
    """
    page = conversation.page
    lock_rows([page.pk])
    lock_index()  # or the indexer would write an index row of the deleted messages again
    counts = count_person(conversation)
    if not counts.conversations:
        return None
    _save_fingerprints(page, conversation)
    empty_threads(_threads(conversation), PERSON_DELETED)
    # In the transaction nothing is lost that a failure brings back; what stays then is removed by a job.
    files = archive.digests_of(_conversations(conversation))
    transaction.on_commit(lambda: archive.remove_unused(files), robust=True)
    ids, deleted = _ids(conversation), list(_conversations(conversation).values_list("pk", flat=True))
    delete_files(page, deleted, ids)
    clear_mentions(page, ids)
    clear_traces(page, _conversations(conversation), ids)
    if page.has_imports:
        change_months(page, months_of(deleted), {})
    delete_suggested(page, _conversations(conversation))
    record(
        Action.PERSON_ERASED, actor=actor, target=page, conversation=conversation.pk, deleted=counts.as_dict()
    )
    notify_conversations(page.pk, deleted)
    now = timezone.now()
    Erasure.objects.create(
        kind=Erasure.Kind.PERSON, created_at=now, ended_at=now, **erasure_for(page, actor), **counts.as_dict()
    )
    return counts


def erasure_for(page: Page, actor) -> dict:
    """Return the fields of an Erasure that name the Page and the user."""
    return {
        "page": page,
        "facebook_page_id": page.facebook_page_id,
        "page_name": page.name,
        "actor": actor,
        "actor_name": actor.get_username() if actor else "",
    }


def delete_conversations(rows: QuerySet[Conversation]) -> dict[str, int]:
    """Delete the conversations with all dependent rows. Return the number of rows by label of the model."""
    return rows.delete()[1]


def delete_suggested(page: Page, rows: QuerySet[Conversation]) -> dict[str, int]:
    """Delete conversations of the Page, as above. Nothing that is gone is suggested to imported threads."""
    if not page.has_imports:
        return delete_conversations(rows)
    open_ones = ImportSuggestion.objects.filter(rejected_at=None)
    undecided = list(open_ones.filter(conversation__in=rows).values_list("thread", flat=True))
    deleted = delete_conversations(rows)
    threads = ImportedThread.objects.filter(pk__in=undecided, state=ImportedThread.State.SUGGESTED)
    threads.exclude(pk__in=open_ones.values("thread")).update(state=ImportedThread.State.OWN)
    return deleted


def _conversations(conversation: Conversation) -> QuerySet[Conversation]:
    """Return the person's conversations: several if the unique key is missing."""
    return Conversation.objects.filter(page=conversation.page_id, sender_id=conversation.sender_id)


def _ids(conversation: Conversation) -> list[str]:
    """Return all IDs of the person, with the keys of imported threads."""
    aliases = ConversationAlias.objects.filter(conversation__in=_conversations(conversation))
    imported = ImportedThread.objects.filter(conversation__in=_conversations(conversation))
    ids = [conversation.sender_id, *aliases.order_by("pk").values_list("sender_id", flat=True)]
    keys = map(own_sender_id, imported.order_by("pk").values_list("thread_id", flat=True))
    return list(dict.fromkeys([*ids, *keys]))


def _threads(conversation: Conversation) -> QuerySet[Thread]:
    """Return the person's threads, including those that only a raw record connects to them."""
    of_page = Thread.objects.filter(page=conversation.page_id)
    ids = _ids(conversation)
    is_named = Q()
    for sender_id in ids:
        is_named |= Q(raw__contains=json.dumps(sender_id, ensure_ascii=False))
    named = of_page.filter(record__isnull=False).annotate(raw=Cast("record", TextField())).filter(is_named)
    return of_page.filter(
        Q(conversation__in=_conversations(conversation)) | Q(pk__in=list(named.values_list("pk", flat=True)))
    )


def _save_fingerprints(page: Page, conversation: Conversation) -> None:
    row, _ = ForgottenKey.objects.get_or_create(facebook_page_id=page.facebook_page_id)
    graph_ids = _threads(conversation).values_list("graph_id", flat=True)
    digests = [sender_digest(row.key, sender_id) for sender_id in _ids(conversation)]
    digests += [thread_digest(row.key, graph_id) for graph_id in graph_ids]
    Fingerprint.objects.bulk_create(
        [Fingerprint(facebook_page_id=page.facebook_page_id, digest=digest) for digest in digests],
        ignore_conflicts=True,
    )
    _save_message_fingerprints(page, conversation, row.key)
    ForgottenKey.objects.filter(pk=row.pk).update(forgotten_count=F("forgotten_count") + 1)


def _save_message_fingerprints(page: Page, conversation: Conversation, key: str) -> None:
    """Keep by what an archive recognizes the person: hashes of messages, which cannot be read."""
    events = InteractionEvent.objects.filter(conversation__in=_conversations(conversation))
    received = events.filter(kind=InteractionEvent.Kind.MESSAGE_RECEIVED).exclude(text="")
    pairs = [
        pair
        for rows in (received.oldest_first(), received.newest_first())
        for pair in rows.values_list("occurred_at", "text")[:MAX_FINGERPRINTS]
    ]
    texts = ((int(time.timestamp()), normalize("NFC", text)) for time, text in pairs)
    digests = {message_digest(key, second, text) for second, text in texts if len(text) >= MIN_PROOF}
    MessageFingerprint.objects.bulk_create(
        [MessageFingerprint(facebook_page_id=page.facebook_page_id, digest=each) for each in sorted(digests)],
        ignore_conflicts=True,
    )


def delete_files(page: Page, conversation_ids: list[int], ids: list[str]) -> None:
    """Delete exported files that hold these people.

    Those, too, in which they stand under another conversation: one that was joined with these, or was
    until somebody undid that, or one that mixes several people or did.
    """
    is_separated = Q(kind=RemovedConversation.Kind.SEPARATED)
    records = page.removed_conversations.filter(
        Q(conversation__in=conversation_ids) | Q(sender_id__in=ids) | is_separated
    )
    others = {pk for pair in records.values_list("removed_id", "conversation_id") for pk in pair if pk}
    Export.objects.delete_holding(page.pk, {*conversation_ids, *others, *mixed_ids(page)})


def clear_mentions(page: Page, ids: list[str]) -> None:
    """Delete what names these people beside their conversations and threads."""
    page.threads.filter(people__has_any_keys=ids).update(people=None)
    page.removed_conversations.filter(Q(sender_id__in=ids) | Q(details__kept__in=ids)).delete()
    blank_people(page, ids)


def empty_threads(threads: QuerySet[Thread], reason: str) -> None:
    """Keep the rows, because Facebook still lists the threads, with nothing but their IDs and the reason."""
    ids = list(threads.values_list("pk", flat=True))
    Thread.objects.filter(pk__in=ids).update(
        conversation=None,
        updated_time=None,
        state=Thread.State.UNREADABLE,
        reason=reason,
        message_count=0,
        held_count=0,
        unreadable_count=0,
        audited_count=None,
        history=Thread.History.PARTIAL,
        complete_until=None,
        backfill=None,
        record=None,
        people=None,
        told={},
    )
