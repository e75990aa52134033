"""Which applications send messages for a Page beside Inbox: echoes tell their IDs, Facebook their names."""

import logging
from collections.abc import Callable, Iterable
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from conversations.connections.client import open_client
from conversations.connections.interactive import LIMITS, FacebookRefused, give_up
from conversations.connections.patience import Patience
from conversations.graph.coercion import as_id, as_text
from conversations.graph.errors import GraphError
from conversations.lib.text import clean
from conversations.models import Page, SendingApp
from conversations.models.webhooks import FACEBOOKS_OWN
from conversations.sync.load.live.changes import Change, Message

logger = logging.getLogger(__name__)

AGAIN = timedelta(days=1)
MAX_NAMES, MAX_LENGTH = 5, 100  # of one run of the job; characters
PATIENCE_SECONDS, MAX_NOTED = 10.0, 1000
# In this process: what is stored already is not stored again for each echo.
_noted: set[str] = set()


def note_apps(page: Page, changes: Iterable[Change]) -> None:
    """Store the applications that these echoes name and nobody has seen yet."""
    messages = (change for change in changes if isinstance(change, Message) and change.is_sent)
    ids = {clean(as_id(message.data.get("app_id")))[:MAX_LENGTH] for message in messages}
    if ids := ids - {"", settings.FACEBOOK_APP_ID, *FACEBOOKS_OWN, *_noted}:
        rows = [SendingApp(app_id=app_id, page=page) for app_id in sorted(ids)]
        SendingApp.objects.bulk_create(rows, ignore_conflicts=True)
        transaction.on_commit(lambda: _noted.update(ids if len(_noted) < MAX_NOTED else ()))


def name_apps(is_stopped: Callable[[], bool] = lambda: False) -> None:
    """Ask for the names that are missing, each once a day."""
    now = timezone.now()
    due = SendingApp.objects.filter(Q(asked_at=None) | Q(asked_at__lt=now - AGAIN), name="")
    for app in due.select_related("page").order_by("pk")[:MAX_NAMES]:
        own = due.filter(pk=app.pk)
        if is_stopped() or not own.update(asked_at=now):
            continue
        if app.page and app.page.access_token and app.page.state == Page.State.CONNECTED:
            SendingApp.objects.filter(pk=app.pk).update(name=_name_of(app.page, app.app_id))


def _name_of(page: Page, app_id: str) -> str:
    """Return the name that Facebook tells; empty if it tells none."""
    patience = Patience(PATIENCE_SECONDS, give_up)
    try:
        with open_client(page.facebook_page_id, page.access_token, patience, limits=LIMITS) as client:
            found = client.get(app_id, fields="name")
    except (GraphError, FacebookRefused) as error:
        logger.info("[page %s] no name of an application: %s", page.pk, type(error).__name__)
        return ""
    return clean(as_text(found.get("name"))).strip()[:MAX_LENGTH]
