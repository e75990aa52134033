"""Rows that earlier versions stored of the answers in graph_samples/engine/."""

import json
from pathlib import Path
from typing import Any

from conversations.models import Conversation, InteractionEvent, Page, Thread

EARLIER = Path(__file__).parent / "earlier_version"


def store_rows(page: Page, name: str) -> None:
    """Store the rows that an earlier version made of a case. The Page was synced then."""
    rows = json.loads((EARLIER / f"{name}.json").read_text())
    models: list[Any] = [Conversation, Thread, InteractionEvent]
    for model in models:
        own = {"id": None} if model is InteractionEvent else {"page": page}  # new ones follow these
        model.objects.bulk_create(model(**row | own) for row in rows[model.__name__])
    Page.objects.update(last_synced_at="2026-11-20T12:00Z")
