"""python -m tests.load.rows: fills the database of the load, and prints JSON about it on its last line.

The conversations are those of `make bench-reads`. Staff are agents on all Pages. Those that
are synced are new, and each has a manager.
"""

import json
import sys

import django

LOAD_TAG = "load"
LISTED = 2_000  # conversations whose customers write
WORDS = 60


def fill(conversations: int, staff: int, synced: list[dict[str, str]]) -> dict:
    from conversations.models import Page
    from tags.models import Tag
    from tests.benchmarks_reads.build import build

    build(conversations)
    tag = Tag.objects.create(name=LOAD_TAG, slug=LOAD_TAG, color="#1f7a8c")
    pages = [
        Page.objects.create(facebook_page_id=page["id"], name=page["name"], access_token=page["token"])
        for page in synced
    ]
    return {"tag": tag.pk, "keys": make_staff(staff, len(pages)), "customers": customers(), "words": words()}


def make_staff(number: int, synced: int) -> list[str]:
    """Return their keys. The first ones are managers of the synced Pages."""
    from django.contrib.auth.models import User

    from conversations.models import Page, PageMember
    from inbox.accounts.models import ApiKey

    pages, keys = list(Page.objects.order_by("pk")), []
    for place in range(number):
        user = User.objects.create_user(f"staff{place}")
        role = "manager" if place < synced else "agent"
        PageMember.objects.bulk_create(PageMember(page=page, user=user, role=role) for page in pages)
        keys.append(ApiKey.issue(user, "load")[1])
    return keys


def customers() -> list[tuple[int, str]]:
    """Return (conversation, sender) of those of the largest Page that will write."""
    from conversations.models import Conversation

    rows = Conversation.objects.filter(page=1, platform="messenger").order_by("-last_message_time", "-pk")
    return list(rows.values_list("pk", "sender_id")[:LISTED])


def words() -> list[str]:
    """Return words that people would search for: parts of names and of messages."""
    from conversations.models import Conversation

    texts = Conversation.objects.order_by("-pk").values_list("search", flat=True)[: 10 * WORDS]
    found = {word for text in texts for word in text.split() if len(word) > 3 and word.isascii()}
    return sorted(found)[:: max(1, len(found) // WORDS)][:WORDS]


def main() -> None:
    django.setup()
    task = json.load(sys.stdin)
    print(json.dumps(fill(**task)))  # noqa: T201 - for its parent


if __name__ == "__main__":
    main()
