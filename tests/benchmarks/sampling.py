"""A sampling profiler of all threads. It takes 200 samples per second, which slows them only a little."""

import sys
import threading
import time
from collections import Counter, defaultdict
from pathlib import Path
from types import FrameType

import psutil

INTERVAL_SECONDS = 0.005
LINES_SHOWN = 12
ROOT = Path(__file__).parents[2]


class Sampler:
    """Samples until `stop()`, which returns the profile as text."""

    def __init__(self) -> None:
        self._innermost: dict[str, Counter[str]] = defaultdict(Counter)  # the innermost function, by thread
        self._on_stack: dict[str, Counter[str]] = defaultdict(
            Counter
        )  # every function on the stack, by thread
        self._cpu: dict[str, float] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sampler", daemon=True)
        self._started = time.perf_counter()
        self._thread.start()

    def stop(self) -> str:
        self._ended.set()
        self._thread.join()
        seconds = time.perf_counter() - self._started
        threads = sorted(self._innermost, key=lambda name: -self._cpu.get(name, 0))
        return "\n".join(line for name in threads for line in self._lines(name, seconds))

    def _run(self) -> None:
        own, samples = threading.get_ident(), 0
        while not self._ended.wait(INTERVAL_SECONDS):
            names = {thread.ident: thread for thread in threading.enumerate()}
            for ident, frame in sys._current_frames().items():
                if ident != own and ident in names:
                    self._add_sample(names[ident].name, frame)
            samples += 1
            if samples % 20 == 1:
                self._record_cpu(names.values())

    def _add_sample(self, name: str, frame: FrameType) -> None:
        self._innermost[name][_location(frame)] += 1
        functions: set[str] = set()
        inner: FrameType | None = frame
        while inner is not None:
            functions.add(_location(inner))
            inner = inner.f_back
        self._on_stack[name].update(functions)

    def _record_cpu(self, threads) -> None:
        natives = {thread.native_id: thread.name for thread in threads}
        for usage in psutil.Process().threads():
            if usage.id in natives:
                self._cpu[natives[usage.id]] = usage.user_time + usage.system_time

    def _lines(self, name: str, seconds: float) -> list[str]:
        innermost, on_stack = self._innermost[name], self._on_stack[name]
        total = sum(innermost.values())
        ours = {name: count for name, count in on_stack.items() if not name.startswith("…")}
        lines = [
            f"thread {name}: {self._cpu.get(name, 0):.2f} s of CPU since it started, {seconds:.2f} s sampled"
        ]
        lines += [
            f"  {100 * n / total:5.1f} %  in      {location}"
            for location, n in innermost.most_common(LINES_SHOWN)
        ]
        lines += [
            f"  {100 * n / total:5.1f} %  within  {location}"
            for location, n in Counter(ours).most_common(LINES_SHOWN)
        ]
        return lines


def _location(frame: FrameType) -> str:
    """Return the path of our files, and for other files the end of the path after an ellipsis."""
    code = frame.f_code
    path = Path(code.co_filename)
    is_ours = path.is_relative_to(ROOT) and "site-packages" not in path.parts
    shown = path.relative_to(ROOT) if is_ours else Path("…", *path.parts[-2:])
    return (
        f"{shown}:{code.co_firstlineno} {code.co_qualname if hasattr(code, 'co_qualname') else code.co_name}"
    )
