import os
import sys
from getpass import getpass

from django.core.management.base import BaseCommand, CommandError

from conversations.connecting import ConnectionRefused, connect_page
from conversations.graph.errors import GraphError


class Command(BaseCommand):
    help = (
        "Connects a Facebook Page. The Page's access token comes from the environment (PAGE_ACCESS_TOKEN) "
        "or from standard input, never from an argument: arguments are seen by everybody on the machine."
    )

    def add_arguments(self, parser):
        parser.add_argument("facebook_page_id", metavar="FACEBOOK_PAGE_ID", help="the Page's id, digits only")
        parser.add_argument("--name", default="", help="what to call the Page here (default: its name)")

    def handle(self, *, facebook_page_id: str, name: str, **options):
        if not (facebook_page_id.isascii() and facebook_page_id.isdigit()):
            raise CommandError(
                f"{facebook_page_id!r} is not the id of a Page: it is made of digits.", returncode=2
            )
        token = read_token()
        if not token:
            raise CommandError(
                "No access token: set PAGE_ACCESS_TOKEN, or give the token on standard input.", returncode=2
            )
        try:
            connection = connect_page(facebook_page_id, token, name=name)
        except (ConnectionRefused, GraphError) as error:
            raise CommandError(f"Not connected, nothing was stored. {error}") from None
        word = "Connected" if connection.created else "Connected again"
        self.stdout.write(f"{word}: {connection.page} ({facebook_page_id}).")
        for note in connection.notes:
            self.stdout.write(f"  Note: {note}")


def read_token() -> str:
    if token := os.environ.get("PAGE_ACCESS_TOKEN", "").strip():
        return token
    return (
        getpass("Access token of the Page: ").strip() if sys.stdin.isatty() else sys.stdin.readline().strip()
    )
