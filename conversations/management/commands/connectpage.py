"""Connects a Page or replaces its access token: `manage.py connectpage`."""

import os
import sys
from getpass import getpass

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from conversations.connections.connect import ConnectionRefused, connect_page, describe_failure
from conversations.graph.errors import GraphError


class Command(BaseCommand):
    help = (
        "Connects a Facebook Page. The Page's access token comes from the environment (PAGE_ACCESS_TOKEN) "
        "or from standard input, never from an argument: all users of the machine can see arguments."
    )

    def add_arguments(self, parser):
        parser.add_argument(
            "facebook_page_id", metavar="FACEBOOK_PAGE_ID", help="the Facebook ID of the Page"
        )
        parser.add_argument(
            "--name", default="", help="the name in this inbox (default: the name on Facebook)"
        )

        parser.add_argument(
            "--history-days",
            type=int,
            metavar="DAYS",
            help="the first sync stores conversations that are older as done; 0: none (default: "
            "HISTORY_DONE_BEFORE)",
        )

    def handle(self, *, facebook_page_id: str, name: str, history_days: int | None, **options):
        if not (facebook_page_id.isascii() and facebook_page_id.isdigit()):
            raise CommandError(
                f"{facebook_page_id!r} is not the ID of a Page: use digits only.", returncode=2
            )
        if history_days is not None and not 0 <= history_days <= settings.MAX_DAYS:
            raise CommandError(f"--history-days must be from 0 to {settings.MAX_DAYS}.", returncode=2)
        token = read_token()
        if not token:
            raise CommandError(
                "No access token. Set PAGE_ACCESS_TOKEN, or pass the token on standard input.", returncode=2
            )
        try:
            result = connect_page(facebook_page_id, token, name=name, history_days=history_days)
        except (ConnectionRefused, GraphError) as error:
            raise CommandError(f"Not connected, nothing was stored. {describe_failure(error)}") from None
        verb = "Connected" if result.created else "Reconnected"
        self.stdout.write(f"{verb}: {result.page} ({facebook_page_id}).")
        for note in result.notes:
            self.stdout.write(f"  Note: {note}")


def read_token() -> str:
    """Return the token from the environment, a hidden prompt or standard input; empty if there is none."""
    if token := os.environ.get("PAGE_ACCESS_TOKEN", "").strip():
        return token
    return (
        getpass("Access token of the Page: ").strip() if sys.stdin.isatty() else sys.stdin.readline().strip()
    )
