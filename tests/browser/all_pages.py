"""Finds the URLs of all pages of the site and creates rows of each model to show on them."""

from collections.abc import Iterator
from uuid import uuid4

from django.contrib.admin import ModelAdmin, site
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.urls import NoReverseMatch, reverse

from conversations.actions.tagging import tag_conversations
from conversations.models import CallBudget, InteractionEvent, Page, SavedReply, SavedView, Thread
from conversations.models.privacy import PrivacyRequest
from conversations.sandbox.data import media
from conversations.tasks import sync_page
from inbox.site import admin_urls as _loads_the_admins  # noqa: F401 - as the first request does
from tests.factories import (
    NOON,
    ConversationFactory,
    EventFactory,
    ExportFactory,
    SyncRunFactory,
    TagFactory,
    new_key,
)

LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
NOT_FOUND = ["/nothing/here", "/admin/nothing/here/"]
ACCOUNT = ["keys", "password", "second-factor", "sessions", "confirm"]
OTHER_PAGES = ["/", "/login", "/api/docs", "/admin/", "/admin/system/", "/privacy/requests/shown", *NOT_FOUND]
OTHER_PAGES += [f"/account/{name}" for name in ACCOUNT]
STUCK_QUEUE = "no worker reads this queue"


def fill(page: Page) -> None:
    """Create rows of every model that has a page, with text too long for any column."""
    user = User.objects.earliest("pk")
    row = ConversationFactory(page=page, sender_name=LONG, last_message=LONG * 3, unread_count=3)
    nameless = ConversationFactory(page=page, sender_name="", last_message="", last_message_time=None)
    EventFactory(conversation=row, text=f"https://example.com/{LONG}")
    EventFactory(conversation=row, text="", kind="message_sent", **media.two_images(7))
    colors = ("#111111", "#ffffff", "#ffd400", "#0b57d0")
    tags = [TagFactory(name=f"Tag {color}", color=color) for color in colors]
    tag_conversations([row.pk], [*tags, TagFactory(name=LONG)], actor=user)
    for number, state in enumerate(Thread.State.values):
        Thread.objects.create(page=page, graph_id=f"t_{number}", state=state, reason=LONG)
    Thread.objects.create(page=page, graph_id="t_held", conversation=nameless)
    SyncRunFactory(page=page)
    SyncRunFactory(page=page, status="error", error=f"Facebook says: {LONG}")
    sync_page.configure(queue=STUCK_QUEUE).defer(run_id=0)
    imported = page.imported_threads.create(
        thread_id="77", customer_name=LONG, conversation=row, state="suggested", message_count=1
    )
    imported.suggestions.create(conversation=nameless, proofs=1, texts=1, found=1)
    said = [EventFactory(conversation=one, text=LONG, occurred_at=NOON) for one in (row, nameless)]
    imported.messages.create(key=uuid4(), event_id=said[0].pk, proof=1)
    page.alerts.create(cause="sync", sentence="No sync of this Page has completed for a day.")
    CallBudget.objects.create(facebook_page_id=page.facebook_page_id, platform="messenger", reason=LONG)
    SavedView.objects.create(name=LONG, owner=user, is_shared=True, query={"unread": "true"})
    SavedReply.objects.create(name=LONG, shortcut="hello", text=LONG, maker=user, page=page)
    ExportFactory(actor=user, page_ids=[page.pk], size=7_000_000)
    new_key(user)
    PrivacyRequest.objects.create(code="shown", digest=LONG, pages=2)


def page_urls(user: User, other_pages: list[str]) -> list[str]:
    """Return the URLs that the user can open: `other_pages`, and all views of each registered model.

    Views that only take a POST, redirect or reject are no pages. Of the history pages one is enough.
    """
    client = Client()
    client.force_login(user)
    responses = {url: client.get(url) for url in admin_urls(user)}
    assert max(response.status_code for response in responses.values()) < 500, responses
    pages = [url for url, response in responses.items() if is_page(response)]
    histories = [url for url in pages if url.endswith("/history/")]
    return [*other_pages, *histories[:1], *(url for url in pages if url not in histories)]


def is_page(response) -> bool:
    """Return whether this is a whole HTML page: no error, no redirect, no part that a script loads."""
    is_html = response.status_code == 200 and response["Content-Type"].startswith("text/html")
    return is_html and b"<html" in response.content


def admin_urls(user: User) -> Iterator[str]:
    for model_admin in site._registry.values():
        for pattern in model_admin.get_urls():
            if pattern.name and (url := url_of(model_admin, pattern, user)):
                yield url


def url_of(model_admin: ModelAdmin, pattern, user: User) -> str | None:
    """Return the URL, with the key of a row where it takes one; None if there is no such row."""
    row = model_admin.get_queryset(request_of(user)).first()
    known = {
        "operation": last_operation(),
        "user_id": user.pk,
        "object_id": row and row.pk,
        "pk": row and row.pk,
        "id": row and row.pk,
    }
    names = pattern.pattern.converters or dict.fromkeys(pattern.pattern.regex.groupindex)
    arguments = {name: known.get(name, row and row.pk) for name in names}
    if None in arguments.values():
        return None
    try:
        return reverse(f"admin:{pattern.name}", kwargs=arguments)
    except NoReverseMatch:
        return reverse(f"admin:{pattern.name}", args=list(arguments.values()))


def last_operation() -> str | None:
    return InteractionEvent.objects.filter(kind="tag_added").values_list("data__act", flat=True).first()


def request_of(user: User) -> HttpRequest:
    request = RequestFactory().get("/admin/")
    request.user = user
    return request
