"""Asks Facebook again about Pages that it refused: to confirm a refusal, and to notice that it has ended.

A call for the list of threads shows both whether the token is valid and whether it may read conversations.
"""

from contextlib import suppress
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from conversations.connections.client import open_client
from conversations.connections.interactive import FacebookRefused, give_up
from conversations.connections.page_state import require_reconnect
from conversations.connections.patience import Patience
from conversations.graph.errors import ActionRequiredError, GraphError, PlatformError
from conversations.lib.notify import notify_changes
from conversations.models import Page, Platform

PATIENCE_SECONDS = 60.0  # all pauses of one probe together


def claim_due_pages() -> list[int]:
    """Return the primary keys of the Pages to ask about now.

    They are due again later, so that no process asks twice, and a job that is lost is replaced.
    """
    now = timezone.now()
    with transaction.atomic():
        pages = list(Page.objects.to_probe(now).select_for_update(skip_locked=True))
        for page in pages:
            page.probe_at = now + _pause(page)
            page.save(update_fields=["probe_at"])
    return [page.pk for page in pages]


def probe_page(page: Page) -> None:
    """Ask Facebook about the Page, and save the answer as its state. No answer changes nothing."""
    if not page.needs_probe or not page.access_token:
        return
    try:
        _ask(page)
    except ActionRequiredError as error:
        _save(page, error)
    except (GraphError, FacebookRefused):
        return  # it stays due
    else:
        _save(page, None)


def _ask(page: Page) -> None:
    """Ask for the list of each platform. Raises GraphError, but not if only Instagram is not available."""
    _ask_list(page, Platform.MESSENGER)
    if page.instagram_account_id:
        with suppress(PlatformError):
            _ask_list(page, Platform.INSTAGRAM)


def _ask_list(page: Page, platform: Platform) -> None:
    patience = Patience(PATIENCE_SECONDS, give_up)
    with open_client(page.facebook_page_id, page.access_token, patience, platform=platform) as client:
        client.get(f"{page.facebook_page_id}/conversations", platform=platform.value, fields="id", limit=1)


@transaction.atomic
def _save(probed: Page, error: ActionRequiredError | None) -> None:
    page = Page.objects.select_for_update().filter(pk=probed.pk).first()
    if page is None or page.access_token != probed.access_token:  # connected again in the meantime
        return
    if error is None:
        page.mark_connected()
        page.save(update_fields=Page.STATE_FIELDS)
        notify_changes([page.pk])
    else:
        require_reconnect(page, error)


def _pause(page: Page) -> timedelta:
    return Page.PROBE_EVERY if page.state == Page.State.RECONNECT else Page.CONFIRM_AFTER
