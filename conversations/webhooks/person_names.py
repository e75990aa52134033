"""Asks Facebook for the names of people whom only webhooks have shown: these tell IDs.

The next sync would bring the names, too, in its usual calls. So each person is asked for once a day at most,
within the Page's budget of calls, and no answer is an answer.
"""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from itertools import groupby

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from conversations.connections.client import open_client
from conversations.connections.interactive import FacebookRefused, give_up
from conversations.connections.patience import Patience
from conversations.connections.shared_budget import closed_seconds
from conversations.graph.client import GraphClient
from conversations.graph.coercion import as_text
from conversations.graph.errors import AccessTokenError, GraphError, RateLimitError
from conversations.lib.locks import lock_rows
from conversations.lib.names import is_placeholder
from conversations.lib.notify import notify_conversations
from conversations.lib.text import clean
from conversations.models import Conversation, Page, Platform
from conversations.models.imports import OWN_KEY
from conversations.sync.load.transform import search_text

logger = logging.getLogger(__name__)

AGAIN, AFTER_OUTAGE = timedelta(days=1), timedelta(hours=1)
MAX_NAMES = 20  # of one Page, in one run of the job
PATIENCE_SECONDS = 10.0  # all pauses of a Page in one run together
MAX_LENGTH = 200
# What to ask for. Where the profile is refused, or belongs to a Page, the name may be public.
PROFILE = {Platform.MESSENGER: "first_name,last_name", Platform.INSTAGRAM: "name,username"}
PUBLIC = "name"


def name_people(is_stopped: Callable[[], bool] = lambda: False) -> None:
    """Ask for the names that are missing, a few of each Page."""
    for page in _pages_with_nameless():
        people = list(_nameless(timezone.now()).filter(page=page).order_by("-pk")[:MAX_NAMES])
        people.sort(key=lambda person: person.platform)
        for platform, group in groupby(people, key=lambda person: person.platform):
            if not closed_seconds(page.facebook_page_id, platform):
                _name_some(page, platform, group, is_stopped)


def _nameless(now: datetime):
    """Return conversations that no sync has listed yet, and that nobody has asked about today."""
    is_due = Q(name_asked_at=None) | Q(name_asked_at__lt=now - AGAIN)
    known = Conversation.objects.exclude(sender_id__startswith=OWN_KEY)  # archives tell no IDs
    return known.filter(is_due, sender_name="", graph_id="")


def _pages_with_nameless() -> list[Page]:
    ids = _nameless(timezone.now()).order_by().values_list("page", flat=True).distinct()
    pages = Page.objects.filter(pk__in=list(ids), state=Page.State.CONNECTED, probe_at=None)
    return [page for page in pages if page.access_token]


def _name_some(
    page: Page, platform: str, people: Iterable[Conversation], is_stopped: Callable[[], bool]
) -> None:
    patience = Patience(PATIENCE_SECONDS, give_up)
    with open_client(page.facebook_page_id, page.access_token, patience, platform=platform) as client:
        for person in people:
            if is_stopped() or not _claim(person):
                return
            try:
                name = name_of(client, person)
            except (GraphError, FacebookRefused) as error:  # Facebook is away, or refuses the Page
                logger.info("[page %s] no name of a new person: %s", page.pk, error)
                if isinstance(error, AccessTokenError):
                    page.schedule_probe()
                Conversation.objects.filter(pk=person.pk).update(
                    name_asked_at=timezone.now() - AGAIN + AFTER_OUTAGE
                )
                return
            if name:
                save_name(page, person, name)


def _claim(person: Conversation) -> bool:
    """Note that this person is asked for now. Return False if another process has done that."""
    now = timezone.now()
    return _nameless(now).filter(pk=person.pk).update(name_asked_at=now) == 1


def name_of(client: GraphClient, person: Conversation) -> str:
    """Return the name that Facebook shows; empty if it shows none. Raises GraphError if it is away."""
    for fields in (PROFILE[Platform(person.platform)], PUBLIC):
        try:
            return _name_in(client.get(person.sender_id, fields=fields), person.sender_id)
        except GraphError as error:
            if error.is_retried or isinstance(error, RateLimitError | AccessTokenError):
                raise
    return ""


def _name_in(profile: dict, person_id: str) -> str:
    """Return the name as lists show it: that of an account on Instagram is its user name."""
    parts = (as_text(profile.get(key)) for key in ("first_name", "last_name"))
    whole = as_text(profile.get("username")) or " ".join(filter(None, parts)) or as_text(profile.get("name"))
    name = clean(whole).strip()[:MAX_LENGTH]
    return "" if is_placeholder(name, person_id) else name


@transaction.atomic
def save_name(page: Page, person: Conversation, name: str) -> None:
    """Give the conversation this name, unless a sync has given one, or the person was deleted."""
    lock_rows([page.pk])
    row = Conversation.objects.filter(pk=person.pk, sender_name="").first()
    if row is None:
        return
    row.sender_name = name
    row.search, row.updated_at = search_text(row), timezone.now()
    row.save(update_fields=["sender_name", "search", "updated_at"])
    notify_conversations(page.pk, [row.pk])
