"""Runs one engine in its own process: `python -m tests.benchmarks.child ENGINE`, controlled by its parent.

It reads the task as one line of JSON, prepares, prints `ready`, waits for a line, works, and prints one
line of JSON with its time, its resources and its result. Only the memory includes what was used before the
wait.
"""

import importlib
import json
import os
import resource
import sys
import time

from .sampling import Sampler


def main(engine: str) -> None:
    task = json.loads(sys.stdin.readline())
    work = importlib.import_module(f"tests.benchmarks.engines.{engine}").prepare(task)
    send("ready")
    sys.stdin.readline()
    sampler = Sampler() if task.get("profile") else None
    wall, cpu = time.perf_counter(), cpu_seconds()
    result = work()
    used = {"seconds": time.perf_counter() - wall, "client_cpu": cpu_seconds() - cpu}
    profile = sampler.stop() if sampler else ""
    send(json.dumps({**used, "peak_mb": peak_mb(), "profile": profile, **result}))
    sys.stdout.flush()
    os._exit(0)  # skip the cleanup of the engine


def send(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def cpu_seconds() -> float:
    """Return the CPU time of this process and of the child processes that it has waited for."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def peak_mb() -> float:
    """Return the peak resident memory. ru_maxrss would start with that of the parent process."""
    with open("/proc/self/status") as status:
        peak = next(line for line in status if line.startswith("VmHWM"))
    return int(peak.split()[1]) / 1024


if __name__ == "__main__":
    main(sys.argv[1])
