"""Checks the way of webhooks from Facebook to us, link by link, and says what a person must click."""

from dataclasses import dataclass, field

from django.conf import settings

from conversations.connections import facebook_login, own_endpoint, subscription
from conversations.connections.app_address import ObjectAddress, check_addresses, objects_of, public_address
from conversations.connections.connect import Finding, Mark
from conversations.graph.errors import GraphError
from conversations.graph.options import Hooks
from conversations.models import Page

DASHBOARD = "developers.facebook.com → My Apps → your app"
SWITCHED_OFF = "off: set FACEBOOK_APP_SECRET and PUBLIC_URL to get each message when it is written"
NO_ADDRESS = "set PUBLIC_URL to the address of this installation, so that subscriptions are made"
NOT_HTTPS = "Facebook calls only addresses that begin with https://"
NO_APP = (
    "Facebook was not asked, because FACEBOOK_APP_ID or FACEBOOK_APP_SECRET is not set. Check it at "
    f"{DASHBOARD} → Webhooks → Page"
)
MODE = (
    "Facebook does not tell it. The app must be published, with Advanced Access to pages_messaging, or only "
    f"messages of people with a role on the app come: {DASHBOARD} → Publish, and App Review → Permissions"
)
NAMES = {"page": "Page", "instagram": "Instagram"}
Answer = tuple[str, Mark]


@dataclass
class WebhookCheck:
    """The findings, and whether webhooks were not sent for a while."""

    findings: list[Finding] = field(default_factory=list)
    had_gap: bool = False


def check_webhooks(page: Page, hooks: Hooks) -> WebhookCheck:
    """Check the way of webhooks. What is wrong is a note, because syncs work without webhooks.

    The subscription is mended if it can be. Raises what the hooks raise, and no GraphError.
    """
    if not subscription.is_configured():
        return WebhookCheck([Finding("live", "Webhooks", SWITCHED_OFF)])
    unreachable = own_endpoint.problem_of_address() if settings.PUBLIC_URL else NO_ADDRESS
    findings = [Finding("live.address", "Webhooks: address", *_address(unreachable))]
    if not unreachable:
        problem = own_endpoint.problem_of_signature()
        answer: Answer = (problem, "note") if problem else ("a wrong one is refused", "ok")
        findings.append(Finding("live.signature", "Webhooks: signature", *answer))
    findings += _app(page, hooks, is_reachable=not unreachable)
    result = WebhookCheck(findings)
    findings.append(Finding("live.fields", "Webhooks: subscription", *_subscription(page, hooks, result)))
    if page.live_state != Page.LiveState.OFF:
        findings.append(Finding("live.mode", "Webhooks: app", *_mode(page)))
    return result


def _address(problem: str) -> Answer:
    if problem:
        return problem, "note"
    if not settings.PUBLIC_URL.startswith("https://"):
        return f"{public_address()} is verified. {NOT_HTTPS}", "note"
    return f"{public_address()} is verified", "ok"


def _app(page: Page, hooks: Hooks, *, is_reachable: bool) -> list[Finding]:
    if not facebook_login.is_configured():
        return [Finding("live.app", "Webhooks: address at Facebook", NO_APP, "note")]
    try:
        found = check_addresses(objects_of(page), hooks, mends=is_reachable)
    except GraphError as error:
        answer = f"Facebook did not tell it. {error.full_text}"
        return [Finding("live.app", "Webhooks: address at Facebook", answer, "note")]
    return [
        Finding(f"live.app.{each.name}", f"Webhooks: {NAMES[each.name]} at Facebook", *_object(each))
        for each in found
    ]


def _object(found: ObjectAddress) -> Answer:
    where = f"{DASHBOARD} → Webhooks → {NAMES[found.name]}"
    if found.is_right:
        return "this installation, all fields", "ok"
    if not found.url:
        return f"no address is set: enter it at {where} (manage.py webhooks --address)", "note"
    if found.url != public_address():
        return f"they go to another address: {found.url:.200}. Change it at {where}", "note"
    if not found.is_active:
        return f"the address is switched off: {where}", "note"
    return f"not subscribed to {', '.join(found.missing)}: subscribe at {where}", "note"


def _subscription(page: Page, hooks: Hooks, result: WebhookCheck) -> Answer:
    try:
        check = subscription.check_subscription(page, hooks)
        result.had_gap = check.had_gap
    except GraphError as error:
        return f"Facebook refuses it. {error.full_text}", "note"
    match page.live_state:
        case Page.LiveState.OFF:
            return f"not made: manage.py subscribepage {page.facebook_page_id}", "note"
        case Page.LiveState.SUBSCRIBED if not check.was_subscribed:
            return "had ended and is made again; a sync brings what is missing", "note"
        case Page.LiveState.SUBSCRIBED if check.missing:
            return page.live_reason, "note"
        case Page.LiveState.SUBSCRIBED:
            return "all fields", "ok"
    return page.live_reason, "note"


def _mode(page: Page) -> Answer:
    if page.is_live:
        return f"webhooks come, the newest at {page.last_delivery_at:%Y-%m-%d %H:%M} UTC", "ok"
    return MODE, "note"
