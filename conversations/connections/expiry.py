"""Asks Facebook daily when the access to a Page ends: a person may shorten or extend it there."""

from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from conversations.connections.client import open_client
from conversations.connections.connect import access_end, read_token_facts
from conversations.connections.interactive import FacebookRefused, give_up
from conversations.connections.patience import Patience
from conversations.models import Page

PATIENCE_SECONDS = 60.0
EVERY = timedelta(days=1)


def claim_due_pages() -> list[int]:
    """Return the Pages to ask about now. They are due again a day later, whatever becomes of it."""
    now = timezone.now()
    due = Q(access_checked_at=None) | Q(access_checked_at__lte=now - EVERY)
    with transaction.atomic():
        pages = Page.objects.filter(due, state=Page.State.CONNECTED).order_by("pk")
        ids = list(pages.select_for_update(skip_locked=True).values_list("pk", flat=True))
        Page.objects.filter(pk__in=ids).update(access_checked_at=now)
    return ids


def check_access(page: Page) -> None:
    """Save when the access ends, and whose login gave it. What Facebook does not tell stays as it is."""
    if not page.access_token:
        return
    try:
        patience = Patience(PATIENCE_SECONDS, give_up)
        with open_client(page.facebook_page_id, page.access_token, patience) as client:
            facts = read_token_facts(client, page.access_token)
    except FacebookRefused:
        return
    if facts is None:
        return
    with transaction.atomic():
        row = Page.objects.select_for_update().filter(pk=page.pk).first()
        if row is not None and row.access_token == page.access_token:  # or it was connected again
            values = {"connected_by": row.connected_by or facts.user_id}
            Page.objects.filter(pk=row.pk).update(**values, **access_end(facts))
