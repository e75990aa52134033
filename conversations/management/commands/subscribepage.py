"""Subscribes to the webhooks of a Page, or ends that: `manage.py subscribepage`."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from conversations.connections import facebook_login, subscription
from conversations.connections.app_address import check_addresses, objects_of, public_address
from conversations.connections.interactive import FacebookRefused, give_up
from conversations.connections.patience import Patience
from conversations.graph.errors import GraphError
from conversations.models import Page
from conversations.tasks import request_sync

PATIENCE_SECONDS = 60
NO_SECRET = "No secret is configured: set FACEBOOK_APP_SECRET or FACEBOOK_WEBHOOK_SECRETS first."  # noqa: S105 - a message


class Command(BaseCommand):
    help = (
        "Subscribes this installation to the webhooks of a connected Page, looks whether it is subscribed,"
        " and shows what to enter in Facebook's dashboard. Exits with 1 if Facebook refuses."
    )

    def add_arguments(self, parser):
        parser.add_argument(
            "facebook_page_id", metavar="FACEBOOK_PAGE_ID", help="the Facebook ID of the Page"
        )
        parser.add_argument("--remove", action="store_true", help="end the subscription")

    def handle(self, *, facebook_page_id: str, remove: bool, **options: Any) -> None:
        page = Page.objects.filter(facebook_page_id=facebook_page_id).first()
        if page is None:
            raise CommandError(f"No Page with the ID {facebook_page_id!r} is connected.", returncode=2)
        if not page.access_token:
            raise CommandError(f"{page.connection[1]} Connect the Page again.")
        try:
            self.remove(page) if remove else self.subscribe(page)
        except (GraphError, FacebookRefused) as error:
            text = error.full_text if isinstance(error, GraphError) else str(error)
            raise CommandError(f"Facebook did not do it. {text}") from None

    def remove(self, page: Page) -> None:
        subscription.unsubscribe(page, Patience(PATIENCE_SECONDS, give_up))
        self.stdout.write(f"{page} is not subscribed any more. Syncs bring its messages.")

    def subscribe(self, page: Page) -> None:
        if not subscription.is_configured():
            raise CommandError(NO_SECRET)
        check = subscription.check_subscription(page, Patience(PATIENCE_SECONDS, give_up), subscribes=True)
        state = "was subscribed" if check.was_subscribed else "is subscribed now"
        self.stdout.write(f"{page} {state}. {page.live_reason}".strip())
        if check.had_gap:
            run = request_sync(page, trigger="subscription")
            self.stdout.write(f"Run {run.pk} brings what was missed in the meantime.")
        self.stdout.write(f"Callback URL: {public_address() or 'https://YOUR-HOST/webhooks/facebook'}")
        self.stdout.write(f"Verify token: {settings.FACEBOOK_VERIFY_TOKEN}")
        self.set_address(page)

    def set_address(self, page: Page) -> None:
        """Set the address of the app at Facebook, if it has none yet and the app is configured."""
        if not (facebook_login.is_configured() and settings.PUBLIC_URL):
            self.stdout.write(
                "Enter both in Facebook's dashboard, if that is not done yet: see docs/live.md."
            )
            return
        try:
            found = check_addresses(objects_of(page), Patience(PATIENCE_SECONDS, give_up), mends=True)
        except GraphError as error:
            self.stderr.write(f"Note: the address could not be set at Facebook. {error.full_text}")
            return
        for each in found:
            state = "set" if each.is_right else "not set: manage.py checkpage says why"
            self.stdout.write(f"Webhooks of the object {each.name}: {state}.")
