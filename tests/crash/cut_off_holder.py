"""A process that holds what others wait for, on a machine of its own: a test cuts it off.

It writes a line when it holds everything, and one when it has noticed that the database is gone.
"""

import asyncio
import sys
import threading

import django

django.setup()

import psycopg  # noqa: E402 - after the set-up
from django.db import Error, connection, transaction  # noqa: E402 - after the set-up

from conversations.lib.listening import listen  # noqa: E402 - after the set-up
from conversations.lib.locks import SyncLock, lock_rows  # noqa: E402 - after the set-up
from inbox.process.job_connector import worker_connector  # noqa: E402 - after the set-up


def say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def hold_rows(page_id: int, is_held: threading.Event) -> None:
    with transaction.atomic():
        lock_rows([page_id])
        is_held.set()
        threading.Event().wait()


def work_long(is_held: threading.Event) -> None:
    with connection.cursor() as cursor:
        is_held.set()
        cursor.execute("SELECT pg_sleep(3600)")


def start(work, *arguments) -> None:
    is_held = threading.Event()
    threading.Thread(target=work, args=(*arguments, is_held), daemon=True).start()
    is_held.wait()


async def listen_until_gone() -> None:
    """Hold the connections of a worker and of a listener as well."""
    connector = worker_connector()
    await connector.open_async()
    async with listen("nothing") as listener:
        say("holds")
        try:
            async for _ in listener.notifies():
                pass
        except (psycopg.Error, OSError, Error):
            say("noticed")


def main(page_id: int) -> None:
    lock = SyncLock(page_id)
    if not lock.acquire():
        raise SystemExit("the lock is not free")
    start(hold_rows, page_id)
    start(work_long)
    asyncio.run(listen_until_gone())


if __name__ == "__main__":
    main(int(sys.argv[1]))
