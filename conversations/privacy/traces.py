"""Clears the words in which staff and syncs name a deleted person, beside the person's own rows."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Q

from conversations.lib.folding import fold
from conversations.lib.names import is_placeholder
from conversations.models import AuditEntry, Conversation, Export, ImportedThread, Page, SavedReply, SavedView
from conversations.models.answers.saved_replies import notify_of_reply
from conversations.models.audit import ERASED

WORD = re.compile(r"\w+")
MIN_LETTERS = 3  # of a word that names somebody
REMARK_ERASED = "This named a person who was deleted."


class Naming:
    """Tells whether a text names the person: by an ID, the name, or words that are all of the name."""

    def __init__(self, ids: Iterable[str], names: Iterable[str]):
        self._ids = set(filter(None, ids))
        self._names = [words_of(name) for name in names if not is_placeholder(name, "")]

    def is_in(self, text: str) -> bool:
        words = words_of(text)
        return any(one in text for one in self._ids) or any(
            names_somebody(words, name) for name in self._names
        )

    def is_in_any(self, value: Any) -> bool:
        return any(map(self.is_in, texts_in(value)))

    def is_spelled_out_in(self, text: str) -> bool:
        """Whether the text has an ID or a name of several words: one word may also be any other word."""
        words = f" {' '.join(words_of(text))} "
        names = (f" {' '.join(name)} " for name in self._names if len(name) > 1)
        return any(one in text for one in self._ids) or any(name in words for name in names)


def words_of(text: str) -> list[str]:
    return WORD.findall(fold(text))


def names_somebody(words: list[str], name: list[str]) -> bool:
    """Whether the words contain the whole name, or are a part of it."""
    has_name = bool(name) and f" {' '.join(name)} " in f" {' '.join(words)} "
    is_part = set(words) <= set(name) and any(len(word) >= MIN_LETTERS for word in words)
    return has_name or is_part


def texts_in(value: Any) -> Iterator[str]:
    """Yield the texts in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from texts_in(item)


def clear_traces(
    page: Page, conversations: Iterable[Conversation], ids: list[str], *, by_name: bool = True
) -> None:
    """Clear saved views and replies, exports, remarks of runs, the audit log and the history of the admin.

    Not `by_name`: only what has an ID. Of many people, nearly every word is a part of a name.
    """
    rows = list(conversations)
    graph_ids = page.threads.filter(conversation__in=rows).values_list("graph_id", flat=True)
    imported = ImportedThread.objects.filter(conversation__in=rows).values_list("customer_name", flat=True)
    names = {*(row.sender_name for row in rows), *imported} if by_name else ()
    naming = Naming([*ids, *graph_ids, *(row.graph_id for row in rows)], names)
    _delete_views(page, naming)
    _delete_replies(page, naming)
    _delete_exports(naming)
    _clear_runs(page, naming)
    _clear_audit_log(naming)
    of_conversations = ContentType.objects.get_for_model(Conversation)
    keys = [str(row.pk) for row in rows]
    LogEntry.objects.filter(content_type=of_conversations, object_id__in=keys).delete()


def _delete_views(page: Page, naming: Naming) -> None:
    views = SavedView.objects.filter(Q(page=page) | Q(page=None))
    named = [view.pk for view in views if naming.is_in(view.name) or naming.is_in_any(view.query)]
    SavedView.objects.filter(pk__in=named).delete()


def _delete_replies(page: Page, naming: Naming) -> None:
    """A reply is for everybody: one that spells out a name was written for this person."""
    replies = SavedReply.objects.filter(Q(page=page) | Q(page=None)).order_by("pk")
    named = [reply for reply in replies if any(map(naming.is_spelled_out_in, (reply.name, reply.text)))]
    if named:
        SavedReply.objects.filter(pk__in=[reply.pk for reply in named]).delete()
        notify_of_reply(*named)


def _delete_exports(naming: Naming) -> None:
    """Delete exports whose filter has words that name the person."""
    exports = Export.objects.only("selection").iterator()
    named = [export.pk for export in exports if naming.is_in_any(export.selection)]
    Export.objects.filter(pk__in=named).delete()


def _clear_runs(page: Page, naming: Naming) -> None:
    runs = page.runs.filter(~Q(notes=[]) | ~Q(error="") | ~Q(wait_reason=""))
    for run in runs.only("notes", "error", "wait_reason").iterator():
        notes = [REMARK_ERASED if naming.is_in_any(note) else note for note in run.notes]
        texts = {name: getattr(run, name) for name in ("error", "wait_reason")}
        cleared = {name: REMARK_ERASED if naming.is_in(text) else text for name, text in texts.items()}
        if notes != run.notes or cleared != texts:
            page.runs.filter(pk=run.pk).update(notes=notes, **cleared)


def _clear_audit_log(naming: Naming) -> None:
    """Only filters and names of views have words that users have typed."""
    entries = AuditEntry.objects.filter(Q(details__has_key="filter") | Q(target_type="savedview"))
    named = [
        entry.pk
        for entry in entries.only("target_name", "details").iterator()
        if naming.is_in(entry.target_name) or naming.is_in_any(entry.details)
    ]
    AuditEntry.objects.filter(pk__in=named).update(target_name="", details=ERASED)
