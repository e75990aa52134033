"""Where the threads of a process are: looked at 200 times a second, which disturbs them little."""

import sys
import threading
import time
from collections import Counter, defaultdict
from pathlib import Path
from types import FrameType

import psutil

EVERY_SECONDS = 0.005
SHOWN = 12
ROOT = Path(__file__).parents[2]


class Sampler:
    """Samples from its making until `stop()`, which returns the profile as text."""

    def __init__(self) -> None:
        self._at: dict[str, Counter[str]] = defaultdict(Counter)  # by thread: the innermost function
        self._within: dict[str, Counter[str]] = defaultdict(Counter)  # and every function around it
        self._cpu: dict[str, float] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sampler", daemon=True)
        self._began = time.perf_counter()
        self._thread.start()

    def stop(self) -> str:
        self._ended.set()
        self._thread.join()
        seconds = time.perf_counter() - self._began
        threads = sorted(self._at, key=lambda name: -self._cpu.get(name, 0))
        return "\n".join(line for name in threads for line in self._lines(name, seconds))

    def _run(self) -> None:
        own, looks = threading.get_ident(), 0
        while not self._ended.wait(EVERY_SECONDS):
            names = {thread.ident: thread for thread in threading.enumerate()}
            for ident, frame in sys._current_frames().items():
                if ident != own and ident in names:
                    self._look(names[ident].name, frame)
            looks += 1
            if looks % 20 == 1:
                self._note_cpu(names.values())

    def _look(self, name: str, frame: FrameType) -> None:
        self._at[name][_place(frame)] += 1
        around: set[str] = set()
        inner: FrameType | None = frame
        while inner is not None:
            around.add(_place(inner))
            inner = inner.f_back
        self._within[name].update(around)

    def _note_cpu(self, threads) -> None:
        natives = {thread.native_id: thread.name for thread in threads}
        for used in psutil.Process().threads():
            if used.id in natives:
                self._cpu[natives[used.id]] = used.user_time + used.system_time

    def _lines(self, name: str, seconds: float) -> list[str]:
        at, within = self._at[name], self._within[name]
        total = sum(at.values())
        ours = {place: count for place, count in within.items() if not place.startswith("…")}
        lines = [
            f"thread {name}: {self._cpu.get(name, 0):.2f} s of CPU since its start, {seconds:.2f} s watched"
        ]
        lines += [f"  {100 * n / total:5.1f} %  at      {place}" for place, n in at.most_common(SHOWN)]
        lines += [
            f"  {100 * n / total:5.1f} %  within  {place}" for place, n in Counter(ours).most_common(SHOWN)
        ]
        return lines


def _place(frame: FrameType) -> str:
    """Ours by its path; others' by the end of it, behind an ellipsis."""
    code = frame.f_code
    path = Path(code.co_filename)
    is_ours = path.is_relative_to(ROOT) and "site-packages" not in path.parts
    shown = path.relative_to(ROOT) if is_ours else Path("…", *path.parts[-2:])
    return (
        f"{shown}:{code.co_firstlineno} {code.co_qualname if hasattr(code, 'co_qualname') else code.co_name}"
    )
