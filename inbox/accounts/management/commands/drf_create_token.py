"""Creates an API key for a user. It has the name, arguments and output of REST framework's own command."""

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from conversations.models.audit import Action, record
from inbox.accounts.models import ApiKey

NAME = "drf_create_token"


class Command(BaseCommand):
    help = "Creates an API key for a user and prints it. Earlier keys of the user keep working, unless -r."

    def add_arguments(self, parser):
        parser.add_argument("username", type=str)
        parser.add_argument(
            "-r", "--reset", action="store_true", dest="reset_token", help="end all earlier keys of the user"
        )

    def handle(self, *, username, reset_token, **options):
        user = get_user_model().objects.filter(username=username).first()
        if user is None:
            raise CommandError(f"Cannot create the key: user {username} does not exist")
        with transaction.atomic():
            if reset_token:
                ended, _ = ApiKey.objects.filter(user=user).delete()
                record(Action.KEY_ENDED, target=user, keys=ended, reason=NAME)
            row, key = ApiKey.issue(user, NAME)
            record(Action.KEY_CREATED, target=row, user=username, scope=row.scope)
        self.stdout.write(f"Generated token {key} for user {username}")
