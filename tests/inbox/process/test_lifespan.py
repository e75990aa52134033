"""What runs in a web process beside its requests."""

import asyncio
import threading

from asgiref.sync import sync_to_async
from django.conf import settings

from conversations.api.file_stream import iterate_in_thread
from inbox.process.lifespan import add_threads


def test_jobs_and_exports_that_wait_leave_threads_to_the_streams():
    leave = threading.Event()

    def slow_export():
        leave.wait(30)
        yield b"a part"

    async def look_up() -> int:
        add_threads(asyncio.get_running_loop(), settings.JOBS)
        wait = sync_to_async(leave.wait, thread_sensitive=False)
        waiting = [asyncio.ensure_future(wait(30)) for _ in range(settings.JOBS)]
        waiting += [asyncio.ensure_future(anext(iterate_in_thread(slow_export()))) for _ in range(40)]
        await asyncio.sleep(0)
        try:
            return await asyncio.wait_for(sync_to_async(int, thread_sensitive=False)("7"), 20)
        finally:
            leave.set()
            await asyncio.gather(*waiting)

    assert asyncio.run(look_up()) == 7
