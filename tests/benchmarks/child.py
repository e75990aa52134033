"""One engine in a process of its own: `python -m tests.benchmarks.child ENGINE`, steered by its parent.

Reads the task as one line of JSON, prepares, says `ready`, waits for `go`, works, and tells as one line of
JSON how long it took and what it used. What was used before `go` is not counted, but for memory.
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
    say("ready")
    sys.stdin.readline()
    sampler = Sampler() if task.get("profile") else None
    wall, cpu = time.perf_counter(), cpu_seconds()
    result = work()
    used = {"seconds": time.perf_counter() - wall, "client_cpu": cpu_seconds() - cpu}
    profile = sampler.stop() if sampler else ""
    say(json.dumps({**used, "peak_mb": peak_mb(), "profile": profile, **result}))
    sys.stdout.flush()
    os._exit(0)  # nothing of the engine is to be tidied up on anybody's clock


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def cpu_seconds() -> float:
    """Of this process and of children that it has waited for."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def peak_mb() -> float:
    """The most memory that was resident; ru_maxrss would begin with that of the parent."""
    with open("/proc/self/status") as status:
        peak = next(line for line in status if line.startswith("VmHWM"))
    return int(peak.split()[1]) / 1024


if __name__ == "__main__":
    main(sys.argv[1])
