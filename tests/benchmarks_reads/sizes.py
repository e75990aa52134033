"""`make bench-size`: the bytes of a message in each table and index, with IDs as long as Facebook's.

The rows are converted and copied as a sync does it. The unique key is also built on the ID itself, on the same
rows, which is what it was before.
"""

import os
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from inbox.postgres import throwaway
from tests.benchmarks.sections import write_section

DOCS = Path(__file__).parents[2] / "docs"

MESSAGES = int(os.environ.get("MESSAGES", "2000000"))
IN_CONVERSATION, IN_TRANSACTION = 25, 200  # messages, conversations
START = datetime(2024, 1, 1, tzinfo=UTC)
WORDS = [
    "good",
    "day",
    "is",
    "this",
    "one",
    "still",
    "there",
    "please",
    "how",
    "much",
    "does",
    "it",
    "cost",
    "with",
    "delivery",
    "to",
    "the",
    "city",
    "thank",
    "you",
]
TABLES = tuple(f"conversations_{name}" for name in ("interactionevent", "messageheader", "messageindexchunk"))
SIZES = """
SELECT relname, pg_relation_size(pg_class.oid) + coalesce(pg_total_relation_size(nullif(reltoastrelid, 0)), 0)
FROM pg_class LEFT JOIN pg_index ON indexrelid = pg_class.oid
WHERE pg_class.oid = ANY(%(tables)s::regclass[]) OR indrelid = ANY(%(tables)s::regclass[]) ORDER BY 2 DESC
"""
TEXT_KEY = "CREATE UNIQUE INDEX key_on_text ON conversations_interactionevent (conversation_id, graph_id)"
KEY = "event_conversation_graph_digest"


def main() -> int:
    with throwaway() as server:
        os.environ |= {
            "DATABASE_URL": server.url("postgres"),
            "SECRET_KEY": "used-only-by-the-benchmarks-of-inbox",
        }
        os.environ |= {"DJANGO_SETTINGS_MODULE": "inbox.settings", "DEBUG": "0"}
        import django

        django.setup()
        fill(MESSAGES)
        report()
    return 0


def fill(messages: int) -> None:
    from django.core.management import call_command

    from conversations.models import Page
    from conversations.search.index.message_index import index_pending

    call_command("migrate", verbosity=0)
    page, started = Page.objects.create(facebook_page_id="900000000000000", name="Shop"), time.monotonic()
    conversations = messages // IN_CONVERSATION
    for first in range(0, conversations, IN_TRANSACTION):
        save(page, range(first, min(first + IN_TRANSACTION, conversations)))
    print(f"{messages:,} messages stored in {time.monotonic() - started:.0f} s", flush=True)
    index_pending(seconds=3600)
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(TEXT_KEY)
        cursor.execute(f"VACUUM ANALYZE {', '.join(TABLES)}")


def save(page, numbers) -> None:
    from django.db import transaction

    from conversations.graph.decoding import decode_conversations
    from conversations.graph.records import ConversationBatch
    from conversations.lib.locks import lock_rows
    from conversations.sync.load.batch_loader import save_batch
    from conversations.sync.load.transform import batch_to_rows

    answer = decode_conversations(as_answer([thread(page, number) for number in numbers]))
    rows = batch_to_rows(ConversationBatch.from_graph(answer).conversations, page, "messenger")
    with transaction.atomic():
        lock_rows([page.pk])
        save_batch(page, rows, tolerant=False)


def as_answer(threads: list[dict]) -> bytes:
    import orjson

    return orjson.dumps({"data": threads})


def thread(page, number: int) -> dict:
    customer = person(f"7{number:015}", f"Customer {number}")
    shop = person(page.facebook_page_id, page.name)
    messages = [message(number, place, customer, shop) for place in reversed(range(IN_CONVERSATION))]
    return {
        "id": f"t_1{number:014}",
        "updated_time": messages[0]["created_time"],
        "participants": {"data": [customer, shop]},
        "message_count": IN_CONVERSATION,
        "messages": {"data": messages},
    }


def person(key: str, name: str) -> dict[str, str]:
    return {"name": name, "email": f"{key}@facebook.com", "id": key}


def message(number: int, place: int, customer: dict, shop: dict) -> dict:
    """Return a message with an ID of 88 characters and a text of nine words."""
    moment = START + timedelta(minutes=number * 7 % 1_000_000, hours=place)
    sender, recipient = (shop, customer) if place % 2 else (customer, shop)
    unique = f"{hash((number, place)) & 0xFFFFFFFFFFFFFFFF:016x}"
    return {
        "id": f"m_{unique * 5}{number:05x}"[:82] + f"{place:06x}",
        "created_time": f"{moment:%Y-%m-%dT%H:%M:%S}+0000",
        "from": sender,
        "to": {"data": [recipient]},
        "message": " ".join(WORDS[(number * 3 + place * 5 + step * step) % len(WORDS)] for step in range(9)),
        "tags": {
            "data": [{"name": "inbox"}, {"name": "sent" if place % 2 else "read"}, {"name": "source:chat"}]
        },
    }


def report() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), max(length(graph_id)) FROM conversations_interactionevent")
        messages, letters = cursor.fetchone()
        cursor.execute(SIZES, {"tables": list(TABLES)})
        sizes = {name: size / messages for name, size in cursor.fetchall()}
        cursor.execute("SHOW server_version")
        [version] = cursor.fetchone()
    text = "\n".join(lines(messages, letters, sizes, version.split()[0]))
    print(text)
    write_section(Path(os.environ.get("INTO") or DOCS) / "scale.md", "size", text)


def lines(messages: int, letters: int, sizes: dict[str, float], version: str) -> Iterator[str]:
    text_key = sizes.pop("key_on_text")
    yield (
        f"`make bench-size` wrote this part: {messages:,} messages of nine words in conversations of {IN_CONVERSATION}, with"
        f" IDs of {letters} characters, on PostgreSQL {version}."
    )
    yield "\n| table or index | bytes a message |\n|---|---|"
    for name, size in sizes.items():
        yield f"| {name} | {size:.0f} |"
    total = sum(sizes.values())
    yield f"| **all** | **{total:.0f}** |\n| the unique key on the ID itself, as before | {text_key:.0f} |"
    yield f"| all with that key | {total - sizes[KEY] + text_key:.0f} |"


if __name__ == "__main__":
    sys.exit(main())
