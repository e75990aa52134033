"""Lists what Facebook has delivered, and works on it again: `manage.py webhooks`."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db.models import Count, Max

from conversations.models import WebhookDelivery
from conversations.webhooks.drain import retry
from conversations.webhooks.signature import is_configured

State = WebhookDelivery.State
FAILING = (State.PENDING, State.PARTIAL, State.FAILED)
LISTED = 20
TIME = "%Y-%m-%d %H:%M:%S UTC"


class Command(BaseCommand):
    help = (
        "Lists the webhooks of the last weeks by state, and the newest of which something could not be"
        " applied. With --retry, works on these again, and on ignored ones whose Page is connected by now;"
        " the exit code is 1 if something still fails."
    )

    def add_arguments(self, parser):
        parser.add_argument("--retry", action="store_true", help="work again on what could not be applied")
        parser.add_argument("--address", action="store_true", help="what to enter in Facebook's dashboard")

    def handle(self, *, retry: bool, address: bool, **options: Any) -> None:
        if address:
            self.address()
        elif retry:
            self.retry()
        else:
            self.list()

    def list(self) -> None:
        counts = (
            WebhookDelivery.objects.order_by()
            .values("state")
            .annotate(number=Count("*"), newest=Max("received_at"))
        )
        if not counts:
            self.stdout.write("No webhook has arrived yet.")
        for row in sorted(counts, key=lambda row: row["state"]):
            self.stdout.write(f"{row['state']}: {row['number']}, the newest at {row['newest']:{TIME}}")
        problems = WebhookDelivery.objects.exclude(state__in=[State.DONE, State.PENDING]).exclude(error="")
        for delivery in problems.select_related("page").order_by("-pk")[:LISTED]:
            self.stdout.write(
                f"{delivery.pk}: {delivery.state}, {delivery.received_at:{TIME}},"
                f" {delivery.page or 'no Page'}, {delivery.failed_items} of {delivery.items} items:"
                f" {delivery.error}"
            )

    def address(self) -> None:
        host = settings.PUBLIC_URL or "https://YOUR-HOST"
        self.stdout.write(f"Callback URL: {host}/webhooks/facebook")
        self.stdout.write(f"Verify token: {settings.FACEBOOK_VERIFY_TOKEN}")
        if not is_configured():
            self.stderr.write("No secret is configured: set FACEBOOK_APP_SECRET or FACEBOOK_WEBHOOK_SECRETS.")

    def retry(self) -> None:
        counts = retry()
        self.stdout.write(", ".join(f"{state}: {number}" for state, number in counts.items()))
        failing = sum(counts[state] for state in FAILING)
        if failing:
            raise CommandError(f"{failing} deliveries still fail. `manage.py webhooks` lists them.")
