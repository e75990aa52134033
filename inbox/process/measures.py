"""What this process has in use at this moment, for its numbers (conversations.lib.process_numbers)."""

import asyncio
import logging
import os
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from asgiref.sync import sync_to_async
from django.db import connection

from conversations.lib.process_numbers import numbers
from conversations.lib.request_scope import STREAMS
from conversations.monitoring.reports import REPORT_SECONDS, report
from inbox.web.admission import RequestQueue

logger = logging.getLogger(__name__)

STARTED = time.monotonic()
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
POOL = {  # metric → name in the statistics of psycopg's pool, and its unit
    "inbox_pool_connections": ("pool_size", 1.0),
    "inbox_pool_connections_free": ("pool_available", 1.0),
    "inbox_pool_requests_waiting": ("requests_waiting", 1.0),
    "inbox_pool_waits": ("requests_queued", 1.0),
    "inbox_pool_wait_seconds": ("requests_wait_ms", 0.001),
    "inbox_pool_errors": ("requests_errors", 1.0),
}


def measure(requests: RequestQueue, *body_bytes: Callable[[], int]) -> None:
    """Let the numbers of this web process include what is in use; `body_bytes` tell parts of its memory."""
    numbers.gauge("inbox_streams_open", lambda: STREAMS.taken)
    numbers.gauge("inbox_requests_at_work", lambda: requests.at_work)
    numbers.gauge("inbox_requests_waiting", lambda: requests.waiting)
    numbers.gauge("inbox_request_body_bytes", lambda: sum(read() for read in body_bytes))
    for name, (key, unit) in POOL.items():
        numbers.gauge(name, partial(of_pools, key, unit))
    measure_process()


def measure_process() -> None:
    """Let the numbers of this process, which may be a worker, include what any process uses."""
    numbers.gauge("inbox_process_memory_bytes", memory_bytes)
    numbers.gauge("inbox_process_cpu_seconds", time.process_time)
    numbers.gauge("inbox_process_threads", threading.active_count)
    numbers.gauge("inbox_process_uptime_seconds", lambda: time.monotonic() - STARTED)


def of_pools(key: str, unit: float) -> float:
    """Return a statistic of the pools of database connections; 0 before the first request needs one."""
    wrapper: Any = connection
    pools = list(wrapper._connection_pools.values())
    return unit * sum(pool.get_stats().get(key, 0) for pool in pools)


def memory_bytes() -> int:
    """Return the resident memory. Only Linux tells it so cheaply."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * PAGE_BYTES
    except OSError:
        return 0


async def report_forever(first_after: float = REPORT_SECONDS) -> None:
    """Store the numbers of this process every few seconds, for those who ask another process."""
    await asyncio.sleep(first_after)
    while True:
        try:
            await sync_to_async(report, thread_sensitive=False)()
        except Exception:  # numbers are worth a line in the log, and the next attempt
            logger.exception("The numbers of this process could not be read")
        await asyncio.sleep(REPORT_SECONDS)
