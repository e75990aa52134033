"""What is between Facebook and us: webhooks, tokens, and the problems of Pages that alerts know."""

from collections.abc import Iterator

from django.conf import settings
from django.utils import timezone

from conversations.alerts.causes import KINDS, pages_to_watch, sentences_of
from conversations.connections import app_address, facebook_login, own_endpoint, subscription
from conversations.connections.client import open_client
from conversations.connections.connect import ConnectionRefused, fetch_page_name
from conversations.connections.interactive import FacebookRefused, give_up
from conversations.connections.patience import Patience
from conversations.connections.webhook_checks import NO_ADDRESS, SWITCHED_OFF
from conversations.graph.errors import GraphError
from conversations.management.doctor.check_results import Result, error, ok, warning
from conversations.models import Page

PATIENCE_SECONDS = 5
MAX_PAGES = 20  # that are asked about; the others are checked by each sync
CHECK = "manage.py checkpage {} says more."


def check_webhooks() -> Iterator[Result]:
    """Call our own address as Facebook does."""
    if not subscription.is_configured():
        yield warning(SWITCHED_OFF, "See docs/live.md.")
    elif not settings.PUBLIC_URL:
        yield warning("PUBLIC_URL is not set", f"{NO_ADDRESS[0].upper()}{NO_ADDRESS[1:]}.")
    elif problem := own_endpoint.problem_of_address() or own_endpoint.problem_of_signature():
        yield error(problem, "Facebook gets no further: check PUBLIC_URL, the proxy, its certificate.")
    else:
        yield ok(f"{app_address.public_address()} is verified, and refuses a wrong signature")


def check_app() -> Iterator[Result]:
    """Ask Facebook where it sends the webhooks of the app. Nothing is changed."""
    if not (facebook_login.is_configured() and subscription.is_configured() and settings.PUBLIC_URL):
        yield ok("not asked: FACEBOOK_APP_ID, FACEBOOK_APP_SECRET or PUBLIC_URL is not set")
        return
    try:
        found = app_address.check_addresses(["page"], Patience(PATIENCE_SECONDS, give_up), mends=False)
    except (GraphError, FacebookRefused) as problem:
        yield error(f"Facebook did not tell it: {problem}", "Check FACEBOOK_APP_ID and FACEBOOK_APP_SECRET.")
        return
    for each in found:
        if each.is_right:
            yield ok("webhooks of Pages go to this installation")
        else:
            yield warning("webhooks of Pages do not go to this installation", CHECK.format("PAGE"))


def check_tokens() -> Iterator[Result]:
    """Ask Facebook for each Page whether it still accepts its token."""
    pages = Page.objects.filter(state=Page.State.CONNECTED).order_by("pk")
    valid = 0
    for page in pages[:MAX_PAGES]:
        if problem := problem_of_token(page):
            yield error(f"Page {page.facebook_page_id}: {problem}", CHECK.format(page.facebook_page_id))
        else:
            valid += 1
    left = max(0, pages.count() - MAX_PAGES)
    yield ok(f"{valid} accepted by Facebook" + (f", {left} not asked" if left else ""))


def problem_of_token(page: Page) -> str:
    if not page.access_token:
        return page.connection[1]
    patience = Patience(PATIENCE_SECONDS, give_up)
    try:
        with open_client(page.facebook_page_id, page.access_token, patience) as client:
            fetch_page_name(client, page.facebook_page_id)
    except (GraphError, ConnectionRefused, FacebookRefused) as problem:
        return str(problem)
    return ""


def check_pages() -> Iterator[Result]:
    """What alerts would tell: refused access, its end, lost webhooks, overdue syncs, blocked sending."""
    pages = list(pages_to_watch())
    healthy = 0
    for page in pages:
        found = sentences_of(page, {}, timezone.now())
        healthy += not found
        for cause, sentence in found.items():
            yield warning(f"Page {page.facebook_page_id}: {sentence}", str(KINDS[cause].advice))
    if not pages:
        yield warning("none is connected", "Connect one: docs/connecting.md.")
    elif healthy:
        yield ok(f"{healthy} of {len(pages)} without a problem")


def check_alert_address() -> Iterator[Result]:
    """Alerts are not sent for a test: only whether somebody gets them is told."""
    ways = [name for name in ("EMAIL_URL", "ALERT_URL") if getattr(settings, name)]
    if ways:
        yield ok(f"told by {' and '.join(ways)}")
    else:
        yield warning("nobody is told of alerts", "Set EMAIL_URL or ALERT_URL (docs/alerts.md).")
