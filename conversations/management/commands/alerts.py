"""Lists the open alerts, and tries whether ALERT_URL takes them: `manage.py alerts`."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from conversations.alerts.sending import SIGNATURE, SendingFailed, post
from conversations.models import Alert


class Command(BaseCommand):
    help = "Lists the problems of Pages that need a person. Exits with 1 if there are any or --test fails."

    def add_arguments(self, parser):
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--test", action="store_true", help="send a test to ALERT_URL now")
        which.add_argument(
            "--secret", action="store_true", help=f"print the secret with which {SIGNATURE} is made"
        )

    def handle(self, *, test: bool, secret: bool, **options):
        if secret:
            self.stdout.write(settings.ALERT_SECRET)
        elif test:
            self.test()
        else:
            self.list_open()

    def test(self) -> None:
        if not settings.ALERT_URL:
            raise CommandError("ALERT_URL is not set.")
        try:
            post({"event": "test", "sentAt": timezone.now().isoformat()})
        except SendingFailed as error:
            raise CommandError(f"{error}.") from None
        self.stdout.write("ALERT_URL has taken it.")

    def list_open(self) -> None:
        alerts = Alert.objects.filter(closed_at=None).select_related("page").defer("page__access_token")
        for alert in alerts.order_by("pk"):
            self.stdout.write(f"{alert.page} ({alert.page.facebook_page_id}): {alert.sentence}")
        if alerts:
            raise CommandError("Somebody must act.")
        self.stdout.write("No alert is open.")
