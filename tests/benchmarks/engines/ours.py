"""Inbox: sync_conversations() for one Page, or the command `syncconversations` for many."""

import io
import json
from collections.abc import Callable
from typing import Any


def prepare(task: dict[str, Any]) -> Callable[[], dict[str, Any]]:
    pages = connect(task)
    return lambda: command(task, pages) if task.get("command") else sync(pages[0])


def connect(task: dict[str, Any]) -> list[Any]:
    """Prepare what a worker has before a sync: Django, the Pages and an open connection."""
    import django

    django.setup()
    from conversations.models import Page

    for page in task["pages"]:
        values = {"name": page["name"], "access_token": page["token"]}
        Page.objects.get_or_create(facebook_page_id=page["id"], defaults=values)
    from conversations.management.commands import syncconversations  # noqa: F401 - so that the import is not measured

    return list(Page.objects.filter(facebook_page_id__in=[page["id"] for page in task["pages"]]))


def sync(page: Any) -> dict[str, Any]:
    from conversations.sync.service import sync_conversations

    result = sync_conversations(page)
    assert result.status == "complete", f"{result.status}: {result.error}"
    return {"events": result.events_created, "requests": result.requests}


def command(task: dict[str, Any], pages: list[Any]) -> dict[str, Any]:
    from django.core.management import call_command

    out = io.StringIO()
    arguments = [argument for page in pages for argument in ("--page", page.facebook_page_id)]
    call_command("syncconversations", *arguments, "--json", stdout=out)
    result = json.loads(out.getvalue().splitlines()[-1])
    assert result["status"] == "complete", result
    return {"events": result["eventsCreated"], "requests": result["requests"]}
