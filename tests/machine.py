"""Bounds in seconds that hold on an idle machine, extended where the machine is busy with other work."""

import math
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import mean
from typing import TypeVar

T = TypeVar("T")


@dataclass
class Measured:
    slowness: float = 1.0
    at: float = -math.inf


_measured = Measured()

# Uses a processor for 0.1 s. Prints how many times longer that took by the clock.
WORK = """
import time
began, used = time.monotonic(), time.process_time()
while time.process_time() - used < 0.1:
    sum(range(1000))
print((time.monotonic() - began) / (time.process_time() - used))
"""


def slowness() -> float:
    """Return how many times slower than when idle the machine is now: 1 if every process gets a processor."""
    command = [sys.executable, "-I", "-S", "-c", WORK]
    workers = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(os.cpu_count() or 1)
    ]
    return max(1.0, mean(float(worker.communicate()[0]) for worker in workers))


def recent_slowness(maximum_age: float = 10) -> float:
    """Return the slowness of the last seconds: many tests in a row need not measure it again."""
    if time.monotonic() - _measured.at > maximum_age:
        _measured.slowness, _measured.at = slowness(), time.monotonic()
    return _measured.slowness


def pause(seconds: float, *, maximum: float) -> float:
    """Return how long something must last to be seen by who needs this time for it on an idle machine.

    `maximum`: after it the other side gives up.
    """
    return min(seconds * slowness(), maximum)


def output_in_time(process: subprocess.Popen[str], seconds: float) -> tuple[str, str]:
    """Return what the process writes until its end, which must come within this time on an idle machine."""
    return in_time(seconds, lambda left: process.communicate(timeout=left))


def condition_in_time(seconds: float, condition: Callable[[], bool]) -> None:
    """Wait until the condition is true, which must be within this time on an idle machine."""

    def wait(maximum: float) -> None:
        deadline = time.monotonic() + maximum
        while not condition():
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired("the condition", maximum)
            time.sleep(0.01)

    in_time(seconds, wait)


def in_time(seconds: float, wait: Callable[[float], T]) -> T:
    """Return the result of `wait`, which must come within this time on an idle machine.

    `wait` takes the maximum of seconds and raises subprocess.TimeoutExpired after it, as Popen.wait and
    Popen.communicate do. It is called again if the machine has become slower meanwhile.
    """
    began, slowest = time.monotonic(), slowness()
    while (left := began + seconds * slowest - time.monotonic()) > 0:
        try:
            return wait(left)
        except subprocess.TimeoutExpired:
            slowest = max(slowest, slowness())
    raise AssertionError(
        f"took over {seconds} s, on a machine that is {slowest:.1f} times slower than when idle"
    )
