"""Archives in memory, as the reader of archives yields them, and rows to compare."""

import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from conversations.imports.archives.threads import ArchiveMessage, ArchiveOverview, ArchiveThread
from conversations.imports.store import ImportResult, import_threads
from conversations.models import InteractionEvent, Page

START = 1_714_550_400  # 2024-05-01 08:00:00 UTC, in seconds


class MemoryArchive:
    """Threads that are yielded as they are. `files` are contents by key."""

    def __init__(self, *threads: ArchiveThread, files: dict[str, bytes] | None = None):
        self._threads, self._files = threads, files or {}
        self.overview = ArchiveOverview("page", ["Demo Shop"], len(threads), Counter())

    def threads(self, business_names) -> Iterator[ArchiveThread]:
        for thread in self._threads:
            yield replace(thread, messages=list(thread.messages))

    def open_media(self, key: str) -> io.BytesIO:
        return io.BytesIO(self._files[key])


def said(second: float, text: str, *, page: bool = False, **fields: Any) -> ArchiveMessage:
    """A message so many seconds after START; `page`: of the business."""
    given: dict[str, Any] = {
        "is_prose": False,
        "attachments": (),
        "media": ("",) * len(fields.get("attachments", ())),
        "reactions": (),
        "data": {},
    }
    return ArchiveMessage(round(1000 * (START + second)), page, text, **given | fields)


def thread_of(thread_id: str, *messages: ArchiveMessage, name: str = "Ana", **fields: Any) -> ArchiveThread:
    ordered = sorted(messages, key=lambda message: message.time_ms)
    counts: Counter[tuple] = Counter()
    numbered = []
    for message in ordered:
        key = (message.time_ms, message.is_from_page, message.content)
        numbered.append(replace(message, ordinal=counts[key]))
        counts[key] += 1
    given: dict[str, Any] = {
        "platform": "messenger",
        "is_deleted_person": False,
        "is_group": False,
        "gaps": (),
    }
    return ArchiveThread(
        f"{name}_{thread_id}", thread_id, customer_name=name, messages=numbered, **given | fields
    )


def store(page: Page, *threads: ArchiveThread, dry_run: bool = False, **files: Any) -> ImportResult:
    archive = MemoryArchive(*threads, **files)
    return import_threads(page, archive, ["Demo Shop"], dry_run=dry_run, progress=lambda done, total: None)


def counts_of(result: ImportResult) -> tuple[dict, tuple]:
    json = result.as_json()
    return json["conversations"], tuple(json["messages"][name] for name in ("added", "known", "adopted"))


def messages_of(conversation) -> list[tuple]:
    """(Facebook ID, side, text) of all messages, oldest first."""
    events = InteractionEvent.objects.filter(conversation=conversation, kind__startswith="message_")
    rows = events.oldest_first().values_list("graph_id", "kind", "text")
    return [
        (graph_id, "page" if kind == "message_sent" else "customer", text) for graph_id, kind, text in rows
    ]


def all_rows() -> list[tuple]:
    """Everything of all events, to see that nothing has changed."""
    return list(
        InteractionEvent.objects.order_by("pk").values_list("pk", "conversation", "text", "data", "graph_id")
    )
