"""Stores the raw bodies of webhooks before Facebook gets its answer.

Bodies that arrive while others are being written are written together, by one statement: so one connection
bears hundreds of requests a second, and each of them is committed before it is answered.
"""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context

from django.db import Error, connection

from conversations.lib.sql_files import read_statements

logger = logging.getLogger(__name__)

STATEMENTS = read_statements(__file__)
MAX_BODIES, MAX_BYTES = 500, 16 * 2**20  # in one statement
ANSWER_SECONDS = 4.0  # Facebook waits for five; it sends again what was not stored


class NotStored(Exception):
    """The body could not be stored now."""


class Intake:
    """Writes in one thread, whose connection is not from the pool of requests: those may hold all of it."""

    def __init__(self) -> None:
        self._waiting: list[tuple[bytes, asyncio.Future[None]]] = []
        self._thread = ThreadPoolExecutor(1, "webhooks")
        self._task: asyncio.Task | None = None

    async def store(self, body: bytes) -> None:
        """Return when the body is committed. Raises NotStored."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((body, done))
        if self._task is None or self._task.done():
            # Not in the context of this request: it writes the bodies of others, too.
            self._task = asyncio.create_task(self._write_all(), name="webhooks", context=Context())
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await done
        except TimeoutError:
            # Facebook sends it again. Nothing gathers here while the database does not answer.
            self._waiting = [each for each in self._waiting if each[1] is not done]
            raise NotStored("the database did not answer in time") from None

    async def _write_all(self) -> None:
        while self._waiting:
            batch = self._next_batch()
            error: Exception | None = None
            try:
                await asyncio.get_running_loop().run_in_executor(
                    self._thread, insert, [body for body, _ in batch]
                )
            except Error as problem:
                logger.warning("A webhook could not be stored: %s", problem)
                error = NotStored(str(problem))
            for _, done in batch:
                if not done.done():
                    done.set_exception(error) if error else done.set_result(None)

    def _next_batch(self) -> list[tuple[bytes, asyncio.Future[None]]]:
        size = number = 0
        for body, _ in self._waiting[:MAX_BODIES]:
            size += len(body)
            if number and size > MAX_BYTES:
                break
            number += 1
        batch, self._waiting = self._waiting[:number], self._waiting[number:]
        return batch


def insert(bodies: list[bytes]) -> None:
    """Commit the bodies as new deliveries. A connection that was lost in the meantime is opened again."""
    try:
        _insert(bodies)
    except Error:
        connection.close()
        _insert(bodies)


def _insert(bodies: list[bytes]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS["insert"], {"bodies": bodies})


intake = Intake()
