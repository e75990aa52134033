"""What was aimed at, and whether it was reached."""

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

from .cases import FREE, SCALED, Options, Results
from .facebook import Pace
from .measure import Sample, Spread


@dataclass(frozen=True)
class Goal:
    words: str
    found: str
    is_reached: bool

    @property
    def verdict(self) -> str:
        return "reached" if self.is_reached else "missed"


def goals(results: Results, options: Options) -> Iterator[Goal]:
    """Those whose samples are there."""
    small, large = min(options.sizes), max(options.sizes)
    yield from faster(results, large, SCALED, "after", 3.5)
    yield from faster(results, large, SCALED, "before", 5)
    yield from faster(results, large, FREE, "after", 1.2)
    yield from faster(results, small, SCALED, "after", 1.8)
    yield from writing(results, large)
    yield from again(results, large)
    yield from pace(results, options)
    yield from many_pages(results)
    yield from memory(results, options)


def seconds(samples: list[Sample]) -> float:
    return median(sample.seconds for sample in samples)


def ratios(slow: list[Sample], fast: list[Sample]) -> Spread:
    """Round by round: what slows the machine for a while slows both."""
    return Spread.of([a.seconds / b.seconds for a, b in zip(slow, fast, strict=False)])


def faster(results: Results, size: int, pace: Pace, other: str, aim: float) -> Iterator[Goal]:
    theirs = results.of("sync", size, pace, other, "first")
    ours = results.of("sync", size, pace, "ours", "first")
    if theirs and ours:
        how = "with" if pace.is_paced else "without"
        found = ratios(theirs, ours)
        words = f"{size:,} conversations {how} latency: at least {aim} times faster than *{other}*"
        yield Goal(words, f"{found} times", found.middle >= aim)


def writing(results: Results, size: int) -> Iterator[Goal]:
    path, limit = results.of("write", size, "write_path"), results.of("write", size, "copy_limit")
    if path and limit:
        found = ratios(path, limit)
        words = "the write path alone: within 1.5 times a plain COPY of the same rows"
        yield Goal(words, f"{found} times", found.middle <= 1.5)
    bare = results.of("write", size, "write_bare")
    if path and bare:
        cost = 1 - ratios(bare, path).middle
        words = "what the reads need (indexes, kept counters) costs at most 20 % of the write rate"
        yield Goal(words, f"{cost:.0%}", cost <= 0.2)


def again(results: Results, size: int) -> Iterator[Goal]:
    for kind, most in (("unchanged", 2), ("changed", 3)):
        samples = results.of("sync", size, SCALED, "ours", kind)
        if samples:
            requests = max(sample.requests for sample in samples)
            what = "nothing" if kind == "unchanged" else "1 %"
            words = f"re-sync of {size:,} where {what} changed: at most {most} requests"
            yield Goal(words, f"{requests}", requests <= most)
    unchanged = results.of("sync", size, SCALED, "ours", "unchanged")
    if unchanged:
        rows = max(sample.rows for sample in unchanged)
        yield Goal("and no written row beside the run's", f"{rows}", rows == 0)


def pace(results: Results, options: Options) -> Iterator[Goal]:
    samples = results.of("pace", options.pace_conversations, "ours")
    if samples:
        rates = [sample.rate or 0 for sample in samples]
        words = (
            "Facebook's own latency: at least 1.85 calls a second from the first split to the last full call"
        )
        yield Goal(words, f"{Spread.of(rates)}", median(rates) >= 1.85)
        busiest = max(sample.busiest for sample in samples)
        yield Goal("and never more than 2 in any second", f"{busiest}", busiest <= 2)


def many_pages(results: Results) -> Iterator[Goal]:
    alone, together = results.of("pages", "one alone"), results.of("pages", "side by side")
    if alone and together:
        slowest = max(sample.seconds for sample in alone)
        found = seconds(together) / slowest
        yield Goal(
            "many Pages side by side: within 1.3 times the slowest alone", f"{found:.2f} times", found <= 1.3
        )


def memory(results: Results, options: Options) -> Iterator[Goal]:
    small, large = (results.of("memory", size) for size in options.memory)
    if small and large:
        more = large[0].peak_mb - small[0].peak_mb
        sizes = " and ".join(f"{size:,}" for size in options.memory)
        yield Goal(f"peak memory at {sizes} conversations: within 30 MB", f"{more:+.0f} MB", more <= 30)
