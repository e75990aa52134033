"""The background task that sends, on a queue of its own: it never waits behind a sync.

One task of each process waits for notifications, so it takes one of the places for jobs.
"""

import asyncio
import logging

import psycopg
from django.db import Error
from procrastinate.contrib.django import app

from conversations.lib.listening import listen
from conversations.lib.steps import STOP_SECONDS, run_in_steps
from conversations.models.outbox import CHANNEL

logger = logging.getLogger(__name__)

QUEUE = "sending"
is_running = False  # in this process


@app.periodic(cron="* * * * * */5")
@app.task(name="work_on_outbox", queue=QUEUE, queueing_lock="work_on_outbox", pass_context=False)
async def work_on_outbox(timestamp: int = 0) -> None:
    """Send what is due until the process ends. A second one in this process returns at once."""
    from conversations.sending.outbox_worker import worker  # a start does not need the client

    global is_running
    if is_running:
        return
    is_running = True
    try:
        await _listen(worker)
    except asyncio.CancelledError:
        await asyncio.to_thread(worker.wait, STOP_SECONDS - 0.5)
        return  # the process ends, and the next one continues: nothing has failed
    except (psycopg.Error, OSError, Error) as error:
        logger.warning("Sending waits until the database is there again: %s", error)
    finally:
        is_running = False
        await asyncio.to_thread(worker.close)


async def _listen(worker) -> None:
    async with listen(CHANNEL) as listener:
        while True:
            seconds = [0.0]

            def start(is_stopped, seconds=seconds) -> None:
                seconds[0] = worker.start_due(is_stopped)

            await run_in_steps(start)
            async for _ in listener.notifies(timeout=seconds[0], stop_after=1):
                pass
