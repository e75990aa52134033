"""Subscribes the app to the webhooks of a Page, checks whether it still is, and subscribes it again.

Facebook ends a subscription without a word: after an hour of failures, or when a person changes something.
"""

import logging
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from conversations.connections.client import open_client
from conversations.connections.interactive import FacebookRefused, give_up
from conversations.connections.patience import Patience
from conversations.connections.rhythm import unusually_quiet
from conversations.graph.client import GraphClient
from conversations.graph.coercion import as_dict, as_edge, as_id, as_text
from conversations.graph.errors import GraphError, InvalidRequestError
from conversations.graph.options import Hooks
from conversations.lib.notify import notify_changes
from conversations.models import Page

logger = logging.getLogger(__name__)

LiveState = Page.LiveState
PATIENCE_SECONDS = 60.0  # all pauses of one check together

# Graph names them in the plural for Pages. The account on Instagram comes with its Page; its own fields are
# chosen in the app's dashboard.
FIELDS = (
    "messages",
    "message_echoes",
    "message_deliveries",
    "message_reads",
    "message_reactions",
    "message_edits",
    "messaging_postbacks",
    "messaging_referrals",
    "messaging_handovers",
    "standby",
)
ESSENTIAL = ("messages", "message_echoes")  # if Facebook refuses one of the others
DAY, HOUR = timedelta(days=1), timedelta(hours=1)  # how often to check: usually, and while something is wrong
LOST = "Facebook does not send webhooks of this Page any more."
SOME_REFUSED = "Facebook refuses these fields of the webhooks: {}. {}"
NOT_CONFIRMED = "Facebook did not confirm the subscription."


@dataclass(frozen=True)
class SubscriptionCheck:
    """What a check of the subscription has shown. `had_gap`: messages may be missing that a sync brings."""

    was_subscribed: bool
    missing: tuple[str, ...] = ()  # fields that are not subscribed now
    had_gap: bool = False


def is_configured() -> bool:
    """Whether webhooks can be received. Without a secret the address answers 503."""
    return bool(settings.FACEBOOK_WEBHOOK_SECRETS)


def subscribes_when_connected() -> bool:
    return is_configured() and bool(settings.PUBLIC_URL)


# -- one Page ----------------------------------------------------------------------------------------------
def check_subscription(
    page: Page, hooks: Hooks | None = None, *, subscribes: bool = False
) -> SubscriptionCheck:
    """Ask Facebook for the subscription of the Page, mend it, and save the result.

    One that was subscribed is subscribed again; with `subscribes`, any. Raises GraphError, whose text is then
    the reason in `live`, and what the hooks raise.
    """
    try:
        with open_client(page.facebook_page_id, page.access_token, hooks) as client:
            check = _check(page, client, subscribes=subscribes)
    except GraphError as error:
        _save_failure(page, error)
        raise
    return check


def check_and_report(page: Page) -> bool:
    """Check the subscription in a job. Return whether a sync should bring what was missed."""
    is_quiet = page.live_state == LiveState.SUBSCRIBED  # as it is checked daily, or because it is quiet
    try:
        check = check_subscription(page, Patience(PATIENCE_SECONDS, give_up))
    except (GraphError, FacebookRefused) as error:
        logger.warning("[page %s] its webhooks could not be checked: %s", page.pk, error)
        return False
    return check.had_gap or is_quiet


def unsubscribe(page: Page, hooks: Hooks | None = None) -> None:
    """End the subscription. Raises GraphError."""
    with open_client(page.facebook_page_id, page.access_token, hooks) as client:
        _confirm(client.delete(_path(page)))
    _save(page, LiveState.OFF, "", check_in=DAY)


def _check(page: Page, client: GraphClient, *, subscribes: bool) -> SubscriptionCheck:
    known = _read_fields(client, page)
    was_on, is_silent = page.live_state != LiveState.OFF, page.live_state == LiveState.SILENT
    is_noted = page.live_state == LiveState.SUBSCRIBED
    # Where our app cannot be told from others, nothing says that it has ended; to be sure, it is made again.
    was_subscribed = is_noted if known is None else "messages" in known
    missing, reason = [name for name in FIELDS if name not in (known or ())], ""
    had_gap = was_on and not (was_subscribed and is_noted)
    if (missing or is_silent) and (was_on or subscribes):
        try:
            reason = _subscribe(client, page, known or ())
        except GraphError as error:
            if was_on and not was_subscribed and not error.is_retried:
                page.live_state = LiveState.LOST
            raise
        missing = [name for name in FIELDS if name not in ESSENTIAL] if reason else []
    is_subscribed = "messages" not in missing
    _save_check(page, is_subscribed=is_subscribed, had_break=not was_subscribed, reason=reason)
    return SubscriptionCheck(was_subscribed, tuple(missing), had_gap)


def _path(page: Page) -> str:
    return f"{page.facebook_page_id}/subscribed_apps"


def _read_fields(client: GraphClient, page: Page) -> frozenset[str] | None:
    """Return the fields to which our app is subscribed; None if it cannot be told from other apps."""
    apps = {as_id(app.get("id")): app for app in map(as_dict, as_edge(client.get(_path(page))))}
    own = settings.FACEBOOK_APP_ID if settings.FACEBOOK_APP_ID in apps or not apps else _app_of_token(client)
    if apps and not own:
        return None
    return frozenset(map(field_name, as_edge(apps.get(own, {}).get("subscribed_fields"))))


def _app_of_token(client: GraphClient) -> str:
    """Return the ID of the app for which the token was made, that is ours; "" if Facebook does not tell."""
    try:
        return as_id(as_dict(client.get("app", fields="id")).get("id"))
    except GraphError as error:
        if error.is_retried:
            raise
        return ""


def field_name(field: object) -> str:
    """Return the name of a subscribed field: Graph shows it alone, or in an object with its version."""
    return as_text(as_dict(field).get("name") if isinstance(field, dict) else field)


def _subscribe(client: GraphClient, page: Page, known: Iterable[str]) -> str:
    """Subscribe, which replaces the fields: those that somebody has added stay. Return what is refused."""
    wanted = [*FIELDS, *sorted(set(known) - {*FIELDS, ""})]
    try:
        _confirm(client.post(_path(page), subscribed_fields=",".join(wanted)))
    except InvalidRequestError as error:  # one unknown field refuses the whole call
        with suppress(InvalidRequestError):
            _confirm(client.post(_path(page), subscribed_fields=",".join(ESSENTIAL)))
            refused = ", ".join(name for name in FIELDS if name not in ESSENTIAL)
            return SOME_REFUSED.format(refused, error.text)
        raise
    return ""


def _confirm(body: object) -> None:
    if str(as_dict(body).get("success")).lower() != "true":
        raise GraphError(NOT_CONFIRMED)


# -- saving ------------------------------------------------------------------------------------------------
def _save_check(page: Page, *, is_subscribed: bool, had_break: bool, reason: str) -> None:
    current = page.live_state
    if not is_subscribed:
        state = LiveState.OFF if current == LiveState.OFF else LiveState.LOST
        _save(
            page,
            state,
            LOST if state == LiveState.LOST else "",
            check_in=HOUR if state == LiveState.LOST else DAY,
        )
    elif current == LiveState.SILENT:  # until a webhook comes
        _save(page, current, page.live_reason, check_in=HOUR)
    else:
        begins = had_break or current != LiveState.SUBSCRIBED
        _save(page, LiveState.SUBSCRIBED, reason, check_in=DAY, begins=begins)


def _save_failure(page: Page, error: GraphError) -> None:
    """Facebook refuses to show or to make the subscription: what it sends may go on."""
    if error.is_retried:  # out of reach: it is no news about the subscription
        return
    _save(page, page.live_state, error.full_text, check_in=HOUR)


@transaction.atomic
def _save(page: Page, state: str, reason: str, *, check_in: timedelta, begins: bool = False) -> None:
    row = Page.objects.select_for_update().get(pk=page.pk)
    now = timezone.now()
    row.live_state, row.live_reason = state, reason
    row.next_subscription_check = now + check_in
    if state == LiveState.OFF:
        row.subscribed_at = row.silent_at = None
    elif state == LiveState.SUBSCRIBED:
        row.silent_at = None
        row.subscribed_at = now if begins or row.subscribed_at is None else row.subscribed_at
    row.save(update_fields=Page.LIVE_FIELDS)
    for name in Page.LIVE_FIELDS:
        setattr(page, name, getattr(row, name))
    notify_changes([page.pk])


# -- which Pages to check ----------------------------------------------------------------------------------
def claim_due_pages() -> list[int]:
    """Return the primary keys of the Pages to check now: daily, and those that are unusually quiet.

    They are due again later, so that no process checks twice, and a job that is lost is replaced.
    """
    if not is_configured():
        return []
    now = timezone.now()
    with transaction.atomic():
        connected = Page.objects.filter(state=Page.State.CONNECTED).defer("access_token")
        checked_at = {
            page: page.next_subscription_check - DAY if page.next_subscription_check else None
            for page in connected.select_for_update(skip_locked=True)
        }
        due = {page.pk for page, time in checked_at.items() if time is None or time + DAY <= now}
        due |= unusually_quiet({page: time for page, time in checked_at.items() if time}, now)
        Page.objects.filter(pk__in=due).update(next_subscription_check=now + HOUR)
    return sorted(due)
