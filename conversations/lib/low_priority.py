"""Threads for long computations: where the processors are busy, others go first."""

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

NICE = 10


def low_priority_threads(number: int, name: str) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(number, name, initializer=let_others_go_first)


def let_others_go_first() -> None:
    """Lower the priority of this thread. Only Linux has one for each thread."""
    if sys.platform == "linux":
        thread = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + NICE)
