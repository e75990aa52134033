"""Loads pages, REST and admin while the process already answers some requests. Other requests and jobs wait.

One thread loads, before any request or job imports anything: threads that import the same packages at the
same time may meet a module that is only half there.
"""

import asyncio
import gc
import logging
import os
import signal

from django.urls import get_resolver

from conversations.lib.routes import WEBHOOKS

logger = logging.getLogger(__name__)

# Objects, and collections of younger ones. Most requests leave no garbage that needs a collection, and with
# hundreds of open connections each takes long.
COLLECT_AFTER = (10_000, 20, 20)
AT_ONCE = {"/healthz", WEBHOOKS}  # they need no URLs


class Loading:
    def __init__(self) -> None:
        self._task: asyncio.Task | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(load(), name="loading")

    async def wait(self, path: str) -> None:
        """Return when a request of this path can be answered."""
        if path not in AT_ONCE:
            await self.finished()

    async def finished(self) -> None:
        if self._task is not None:
            await asyncio.shield(self._task)


async def load() -> None:
    try:
        await asyncio.to_thread(load_urls)
    except Exception:
        logger.exception("Inbox cannot be loaded")
        os.kill(os.getpid(), signal.SIGTERM)  # as if it had not started


def load_urls() -> None:
    """Import all modules with URLs."""
    get_resolver()._populate()  # the only way to import those of all levels
    gc.freeze()  # no later collection of garbage looks at them
    gc.set_threshold(*COLLECT_AFTER)


loading = Loading()
