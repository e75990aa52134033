"""Inbox: sync_conversations(), or the command that calls it for many Pages."""

import io
import json
from collections.abc import Callable
from typing import Any


def prepare(task: dict[str, Any]) -> Callable[[], dict[str, Any]]:
    pages = connect(task)
    return lambda: command(task, pages) if task.get("command") else sync(pages[0])


def connect(task: dict[str, Any]) -> list[Any]:
    """What a worker has before it starts: Django set up, connected Pages, an open connection."""
    import django

    django.setup()
    from conversations.models import Page

    for page in task["pages"]:
        values = {"name": page["name"], "access_token": page["token"]}
        Page.objects.get_or_create(facebook_page_id=page["id"], defaults=values)
    from conversations.management.commands import syncconversations  # noqa: F401 - importing takes its time, too

    return list(Page.objects.filter(facebook_page_id__in=[page["id"] for page in task["pages"]]))


def sync(page: Any) -> dict[str, Any]:
    from conversations.sync.service import sync_conversations

    result = sync_conversations(page)
    assert result.status == "complete", f"{result.status}: {result.error}"
    return {"events": result.events_created, "requests": result.requests}


def command(task: dict[str, Any], pages: list[Any]) -> dict[str, Any]:
    from django.core.management import call_command

    out = io.StringIO()
    chosen = [word for page in pages for word in ("--page", page.facebook_page_id)]
    call_command("syncconversations", *chosen, "--json", stdout=out)
    answer = json.loads(out.getvalue().splitlines()[-1])
    assert answer["status"] == "complete", answer
    return {"events": answer["eventsCreated"], "requests": answer["requests"]}
