"""Memory and processor time of the processes of a load, looked at once a second."""

import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

import psutil

from tests.benchmarks.cluster import cpu_seconds

EVERY_SECONDS = 1.0


@dataclass
class Usage:
    """Of a process and those that it has started: seconds of processor time, and (time, MB) of memory."""

    processor: float = 0.0
    begun_with: float = 0.0
    memory: list[tuple[float, float]] = field(default_factory=list)

    @property
    def used(self) -> float:
        return self.processor - self.begun_with


class Sampler:
    """Looks at processes by name until `stop()`. `add()` may follow the start."""

    def __init__(self, processes: Mapping[str, psutil.Process]) -> None:
        self.usages: dict[str, Usage] = {}
        self._processes: dict[str, psutil.Process] = {}
        self._ended = threading.Event()
        self._started = time.time()
        for name, process in processes.items():
            self.add(name, process)
        self._thread = threading.Thread(target=self._run, name="samples", daemon=True)
        self._thread.start()

    def add(self, name: str, process: psutil.Process) -> None:
        self.usages[name] = Usage()
        self._processes[name] = process

    def begin(self) -> None:
        """Count processor time from here on: what was before is the warm-up."""
        self._look()
        for usage in self.usages.values():
            usage.begun_with = usage.processor

    def stop(self) -> None:
        self._ended.set()
        self._thread.join()
        self._look()

    def _run(self) -> None:
        while not self._ended.wait(EVERY_SECONDS):
            self._look()

    def _look(self) -> None:
        for name, process in list(self._processes.items()):
            with suppress(psutil.NoSuchProcess):  # it, or one of its own, has just ended
                everyone = [process, *process.children(recursive=True)]
                ended = process.cpu_times().children_user + process.cpu_times().children_system
                usage = self.usages[name]
                usage.processor = max(usage.processor, ended + sum(map(cpu_seconds, everyone)))
                megabytes = sum(one.memory_info().rss for one in everyone) / 1e6
                usage.memory.append((time.time() - self._started, megabytes))
