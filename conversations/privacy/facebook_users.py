"""What is stored of people who logged in with Facebook: the access that they gave, and their ID in our app.

This ID names nobody among the customers. Conversations belong to the business of the Page, and stay.
"""

import json

from django.db import transaction
from django.utils import timezone

from conversations.lib.notify import notify_changes
from conversations.models import Page, PendingConnection, SyncRun
from conversations.models.audit import Action, record
from conversations.models.privacy import APP_USERS, ForgottenKey, PrivacyRequest, app_user_digest
from conversations.sync import run_lifecycle

REMOVED = "The person who connected this Page has removed the app at Facebook. Connect the Page again."
ASKED = "The person who connected this Page had their access deleted. Connect the Page again."


@transaction.atomic
def deauthorize(user_id: str) -> int:
    """End the access that this person has given. Return to how many Pages; 0 when it is repeated."""
    number = _end_access(user_id, REMOVED)
    if number:  # who also wants their data deleted reads of these Pages, too
        _note(user_id, number)
    record(Action.APP_REMOVED, pages=number)
    return number


@transaction.atomic
def delete_user(user_id: str) -> PrivacyRequest:
    """Delete what is stored of this person. Return the request, which is the same when they ask again."""
    number = _end_access(user_id, ASKED)
    record(Action.USER_DATA_DELETED, pages=number)
    return _note(user_id, number)


def _note(user_id: str, pages: int) -> PrivacyRequest:
    """Keep that something was done, by a hash of the ID, and how much."""
    key, _ = ForgottenKey.objects.get_or_create(facebook_page_id=APP_USERS)
    digest = app_user_digest(key.key, user_id)
    request, _ = PrivacyRequest.objects.select_for_update().get_or_create(digest=digest)
    request.pages += pages
    request.done_at = timezone.now()
    request.save(update_fields=["pages", "done_at"])
    return request


def _end_access(user_id: str, reason: str) -> int:
    pages = list(Page.objects.select_for_update(no_key=True).filter(connected_by=user_id).order_by("pk"))
    for page in pages:
        _disconnect(page, reason)
    for pending in PendingConnection.objects.select_for_update():  # of the last quarter of an hour
        if pending.scope and json.loads(pending.scope).get("user_id") == user_id:
            pending.delete()
    notify_changes([page.pk for page in pages])
    return len(pages)


def _disconnect(page: Page, reason: str) -> None:
    """Delete the token with what is known of it, and stop what works with it."""
    for run in page.runs.active():
        run_lifecycle.finish_if_open(run, SyncRun.Status.CANCELLED, reason)
    page.access_token = page.connected_by = ""
    page.access_ends_at = page.access_checked_at = page.permissions = None
    page.capabilities = {name: value for name, value in page.capabilities.items() if name != "notes"}
    page.set_reconnect(reason)
    page.live_state, page.live_reason = Page.LiveState.OFF, ""
    page.subscribed_at = page.silent_at = page.next_subscription_check = None
    own = ["access_token", "connected_by", "access_ends_at", "access_checked_at", "capabilities"]
    own.append("permissions")
    page.save(update_fields=[*own, *Page.STATE_FIELDS, *Page.LIVE_FIELDS])
    record(Action.PAGE_DISCONNECTED, target=page, reason=reason)
