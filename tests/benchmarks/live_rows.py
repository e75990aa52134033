"""python -m tests.benchmarks.live_rows: prepares a Page and its readers, or works on all deliveries.

Prints JSON for its parent. The database is that of the environment.
"""

import json
import sys
import time

import django

PAGE = "900000000000001"
READERS_PER_USER = 20  # the limit of streams
KNOWN_SINCE = "2026-01-01T00:00:00Z"


def prepare(conversations: int, readers: int) -> dict:
    """Create the rows. Return the conversations with their senders, and API keys for the readers."""
    from django.contrib.auth.models import User

    from conversations.models import Conversation, Page, PageMember
    from conversations.sync.load.transform import search_text
    from inbox.accounts.models import ApiKey

    page = Page.objects.create(facebook_page_id=PAGE, name="Demo Shop", access_token="x")
    rows = [
        Conversation(
            page=page, sender_id=f"7{n:015}", sender_name=f"Customer {n}", last_message_time=KNOWN_SINCE
        )
        for n in range(conversations)
    ]
    for row in rows:
        row.search = search_text(row)
    Conversation.objects.bulk_create(rows)
    keys = []
    for number in range(-(-readers // READERS_PER_USER)):
        user = User.objects.create_user(f"reader{number}")
        PageMember.objects.create(page=page, user=user, role="viewer")
        keys.append(ApiKey.issue(user, "bench")[1])
    return {"conversations": [row.pk for row in rows], "keys": keys}


def drain_all() -> dict:
    """Work on all pending deliveries. Return the seconds."""
    from conversations.webhooks.drain import drain

    started = time.perf_counter()
    number = drain()
    return {"seconds": time.perf_counter() - started, "deliveries": number}


def main(arguments: list[str]) -> None:
    django.setup()
    result = drain_all() if arguments == ["drain"] else prepare(*map(int, arguments))
    print(json.dumps(result))  # noqa: T201 - for its parent


if __name__ == "__main__":
    main(sys.argv[1:])
