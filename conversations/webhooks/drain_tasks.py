"""The background task that works on webhooks, as soon as they arrive and after a process that died.

One task of each process waits for notifications, so it takes one of the places for jobs.
"""

import asyncio
import logging

import psycopg
from django.db import Error
from procrastinate.contrib.django import app

from conversations.lib.listening import listen
from conversations.lib.steps import run_in_steps
from conversations.models.webhooks import CHANNEL
from conversations.webhooks.drain import drain

logger = logging.getLogger(__name__)

QUEUE = "webhooks"
SWEEP_SECONDS = 5  # how often to look without a notification
# What arrives meanwhile is worked on together: each of many costs a fraction of one alone.
GATHER_SECONDS = 0.1
is_running = False  # in this process


@app.periodic(cron="* * * * * */5")
@app.task(name="work_on_webhooks", queue=QUEUE, queueing_lock="work_on_webhooks", pass_context=False)
async def work_on_webhooks(timestamp: int = 0) -> None:
    """Work on deliveries until the process ends. A second one in this process returns at once."""
    global is_running
    if is_running:
        return
    is_running = True
    try:
        await _listen()
    except asyncio.CancelledError:
        return  # the process ends, and the next one continues: nothing has failed
    except (psycopg.Error, OSError, Error) as error:
        logger.warning("Webhooks wait until the database is there again: %s", error)
    finally:
        is_running = False


async def _listen() -> None:
    async with listen(CHANNEL) as listener:
        while True:
            await run_in_steps(drain)
            await asyncio.sleep(GATHER_SECONDS)
            async for _ in listener.notifies(timeout=SWEEP_SECONDS, stop_after=1):
                pass
