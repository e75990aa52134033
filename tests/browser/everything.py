"""Every page there is, found by itself, and a row of everything to show on it."""

from collections.abc import Iterator

from django.contrib.admin import ModelAdmin, site
from django.contrib.auth.models import Group, User
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.urls import NoReverseMatch, reverse
from rest_framework.authtoken.models import Token

from conversations.jobs import sync_page
from conversations.models import CallBudget, InteractionEvent, Page, SavedView, Thread
from conversations.sandbox import media
from conversations.tagging import tag_conversations
from tests.factories import ConversationFactory, EventFactory, SyncRunFactory, TagFactory

LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
REFUSED = ["/nothing/here", "/admin/nothing/here/"]
BESIDE = ["/", "/login", "/api/docs", "/admin/", *REFUSED]
STUCK = "nobody works on this queue"


def fill(page: Page) -> None:
    """Rows of every table that has a page, with words that fit in no column."""
    somebody = User.objects.earliest("pk")
    row = ConversationFactory(page=page, sender_name=LONG, last_message=LONG * 3, unread_count=3)
    nameless = ConversationFactory(page=page, sender_name="", last_message="", last_message_time=None)
    EventFactory(conversation=row, text=f"https://example.com/{LONG}")
    EventFactory(conversation=row, text="", kind="message_sent", **media.two_images(7))
    colours = ("#111111", "#ffffff", "#ffd400", "#0b57d0")
    tags = [TagFactory(name=f"Tag {colour}", color=colour) for colour in colours]
    tag_conversations([row.pk], [*tags, TagFactory(name=LONG)], actor=somebody)
    for number, state in enumerate(Thread.State.values):
        Thread.objects.create(page=page, graph_id=f"t_{number}", state=state, reason=LONG)
    Thread.objects.create(page=page, graph_id="t_held", conversation=nameless)
    SyncRunFactory(page=page)
    SyncRunFactory(page=page, status="error", error=f"Facebook says: {LONG}")
    sync_page.configure(queue=STUCK).defer(run_id=0)
    CallBudget.objects.create(facebook_page_id=page.facebook_page_id, platform="messenger", reason=LONG)
    SavedView.objects.create(name=LONG, owner=somebody, is_shared=True, query={"unread": "true"})
    Group.objects.create(name="Night shift")
    Token.objects.create(user=somebody)


def addresses(user: User, beside: list[str]) -> list[str]:
    """What opens for this user: of each registered model the list, the pages of a row, and what else it has.

    Doors that only take a POST, and what leads elsewhere or is refused, are no pages; histories are one page.
    """
    client = Client()
    client.force_login(user)
    answers = {address: client.get(address) for address in of_models(user)}
    assert max(answer.status_code for answer in answers.values()) < 500, answers
    pages = [address for address, answer in answers.items() if is_page(answer)]
    histories = [address for address in pages if address.endswith("/history/")]
    return [*beside, *histories[:1], *(address for address in pages if address not in histories)]


def is_page(answer) -> bool:
    """Not what refuses or leads elsewhere, and no part that a page fetches."""
    is_html = answer.status_code == 200 and answer["Content-Type"].startswith("text/html")
    return is_html and b"<html" in answer.content


def of_models(user: User) -> Iterator[str]:
    for model_admin in site._registry.values():
        for pattern in model_admin.get_urls():
            if pattern.name and (address := address_of(model_admin, pattern, user)):
                yield address


def address_of(model_admin: ModelAdmin, pattern, user: User) -> str | None:
    """The address with a row's key where it takes one; None where there is no row for it."""
    row = model_admin.get_queryset(request_of(user)).first()
    known = {"act": acts(), "object_id": row and row.pk, "pk": row and row.pk, "id": row and row.pk}
    named = pattern.pattern.converters or dict.fromkeys(pattern.pattern.regex.groupindex)
    arguments = {name: known.get(name, row and row.pk) for name in named}
    if None in arguments.values():
        return None
    try:
        return reverse(f"admin:{pattern.name}", kwargs=arguments)
    except NoReverseMatch:
        return reverse(f"admin:{pattern.name}", args=list(arguments.values()))


def acts() -> str | None:
    return InteractionEvent.objects.filter(kind="tag_added").values_list("data__act", flat=True).first()


def request_of(user: User) -> HttpRequest:
    request = RequestFactory().get("/admin/")
    request.user = user
    return request
