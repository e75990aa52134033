"""python -m tests.benchmarks: measures, tells while it does, writes docs/benchmarks.md with its charts."""

import argparse
import signal
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from .cases import Bench, Options, Results
from .cluster import ROOT, cluster
from .goals import goals
from .machine import machine
from .report import write

PARTS = ("sync", "write", "pace", "pages", "memory")


def main(arguments: list[str]) -> int:
    chosen = read(arguments)
    options = options_of(chosen)
    console, results, began = Console(stderr=True), Results(), time.monotonic()
    with bar(console) as progress, cluster() as server:
        task = progress.add_task("", total=steps(options))

        def tell(line: str) -> None:
            say(progress.console, line)
            progress.update(task, advance="\n" not in line, description=line.partition(":")[0][:60])

        Bench(server, options, results, tell).run()
        about = machine(server)
    report(chosen, options, results, about, console, time.monotonic() - began)
    return 1 if results.failures else 0


def say(console: Console, line: str) -> None:
    console.print(line, markup=False, highlight=False, soft_wrap=True)


def read(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--all", action="store_true", help="also what takes long: 100,000 conversations")
    parser.add_argument("--profile", action="store_true", help="where Inbox's threads are; slows it a little")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=[], help="these parts; writes no page")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--sizes", nargs="+", type=int, metavar="N", help="conversations; writes no page")
    parser.add_argument("--pages", nargs=3, type=int, metavar="N", help="Pages, conversations, messages")
    parser.add_argument("--memory", nargs=2, type=int, metavar="N", help="conversations of the two runs")
    parser.add_argument("--pace", type=int, metavar="N", help="conversations at Facebook's own pace")
    parser.add_argument(
        "--into", type=Path, metavar="FOLDER", help="write the page there, whatever was chosen"
    )
    return parser.parse_args(arguments)


def options_of(chosen: argparse.Namespace) -> Options:
    given = {
        "sizes": chosen.sizes and tuple(chosen.sizes),
        "pages": chosen.pages and tuple(chosen.pages),
        "memory": chosen.memory and tuple(chosen.memory),
        "pace_conversations": chosen.pace,
        "rounds": chosen.rounds,
    }
    values = {name: value for name, value in given.items() if value}
    return Options(everything=chosen.all, only=tuple(chosen.only), profile=chosen.profile, **values)


def bar(console: Console) -> Progress:
    columns = (SpinnerColumn(), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, TextColumn("after: {task.description}"), console=console)


def steps(options: Options) -> int:
    """How many lines the run will tell."""
    rounds, more = options.rounds, options.everything
    extra = rounds if more else 1
    theirs = 4 + (8 if more else 4) / rounds  # first syncs, and what comes once: two again for each pace
    numbers = {
        "sync": len(options.sizes) * (rounds * (theirs + 6) + extra * 3),
        "write": rounds * 3,
        "pace": extra * (2 if more else 1),
        "pages": rounds * 5,
        "memory": 2,
    }
    return round(sum(number for part, number in numbers.items() if options.includes(part)))


def report(chosen, options: Options, results: Results, about, console: Console, seconds: float) -> None:
    is_standard = options == Options(everything=options.everything)
    folder = chosen.into or (ROOT / "docs" if is_standard else None)
    text = write(results, options, about, seconds, folder)
    say(console, text if folder is None else f"Wrote {folder / 'benchmarks.md'}")
    for goal in goals(results, options):
        say(console, f"{goal.verdict:8} {goal.words}: {goal.found}")
    for failure in results.failures:
        say(console, f"failed   {failure}")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the end comes in order at any moment
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
