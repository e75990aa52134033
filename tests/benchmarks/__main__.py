"""python -m tests.benchmarks: measures syncs and writes docs/benchmarks.md with its charts."""

import argparse
import os
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

from .cases import CALLS, SCALED, UNLIMITED, Bench, Options, Results
from .cluster import ROOT, cluster
from .goals import goals
from .live import LiveSizes
from .machine import machine
from .processes import NODE_ENGINES, why_no_node
from .report.page import write

SPEEDS = {"with": SCALED, "without": UNLIMITED}
PARTS = ("process", "start", "sync", "write", "speed", "calls", "pages", "live", "memory")


def main(arguments: list[str]) -> int:
    parsed = parse(arguments)
    options = build_options(parsed)
    console, results, started = Console(stderr=True), Results(), time.monotonic()
    with progress_bar(console) as progress, cluster() as server:
        task = progress.add_task("", total=count_steps(options))

        def log(line: str) -> None:
            print_line(progress.console, line)
            progress.update(task, advance="\n" not in line, description=line.partition(":")[0][:60])

        Bench(server, options, results, log).run()
        about = machine(server)
    report(parsed, options, results, about, console, time.monotonic() - started)
    return 1 if results.failures else 0


def print_line(console: Console, line: str) -> None:
    console.print(line, markup=False, highlight=False, soft_wrap=True)


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument(
        "--all", action="store_true", help="also the long measurements, with 100,000 conversations"
    )
    parser.add_argument(
        "--profile", action="store_true", help="profile the threads of Inbox; slows it a little"
    )
    parser.add_argument(
        "--only",
        nargs="+",
        choices=PARTS,
        default=[],
        help="only these parts; writes no document, except that of the part live",
    )
    parser.add_argument(
        "--rounds", type=int, metavar="N", help="rounds of each measurement; writes no document"
    )
    parser.add_argument(
        "--sizes", nargs="+", type=int, metavar="N", help="numbers of conversations; writes no document"
    )
    parser.add_argument(
        "--pages", nargs=3, type=int, metavar="N", help="numbers of Pages, conversations and messages"
    )
    parser.add_argument(
        "--memory", nargs=2, type=int, metavar="N", help="conversations of the two memory runs"
    )
    parser.add_argument(
        "--live",
        type=int,
        metavar="N",
        help="seconds of each measurement of webhooks; the number of readers and of items follows from them",
    )
    parser.add_argument("--speed", type=int, metavar="N", help="conversations at the real speed of Facebook")
    parser.add_argument("--calls", type=int, metavar="N", help="conversations of the case that counts calls")
    parser.add_argument(
        "--latency", choices=SPEEDS, help="compare the engines only with or without it; writes no document"
    )
    parser.add_argument(
        "--into", type=Path, metavar="FOLDER", help="write the document there, with any options"
    )
    return parser.parse_args(arguments)


def build_options(parsed: argparse.Namespace) -> Options:
    given = {
        "sizes": parsed.sizes and tuple(parsed.sizes),
        "pages": parsed.pages and tuple(parsed.pages),
        "memory": parsed.memory and tuple(parsed.memory),
        "real_speed_conversations": parsed.speed,
        "calls": parsed.calls,
        "live": parsed.live and LiveSizes.of_seconds(parsed.live),
        "rounds": parsed.rounds,
        "speeds": parsed.latency and (SPEEDS[parsed.latency],),
    }
    values = {name: value for name, value in given.items() if value}
    return Options(everything=parsed.all, only=tuple(parsed.only), profile=parsed.profile, **values)


def progress_bar(console: Console) -> Progress:
    columns = (SpinnerColumn(), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, TextColumn("after: {task.description}"), console=console)


def count_steps(options: Options) -> int:
    """Return the number of lines that the run will log."""
    rounds, everything = options.rounds, options.everything
    extra = rounds if everything else 1
    speeds = len(options.speeds)
    # First syncs of both replaced engines, and two later syncs of each at each speed.
    replaced = 2 * speeds + (4 if everything else 2) * speeds / rounds
    engines = 1 if why_no_node() else 1 + len(NODE_ENGINES)
    numbers = {
        "process": len(options.sizes) * rounds * speeds * engines,
        "start": 7 if os.environ.get("BEFORE") else 5,
        "sync": len(options.sizes) * (rounds * (replaced + 3 * speeds) + extra * 3),
        "write": rounds * 3,
        "speed": extra * (2 if everything else 1),
        "calls": len(CALLS) + bool(os.environ.get("BEFORE")),
        "pages": rounds * (5 + bool(os.environ.get("BEFORE"))),
        "live": rounds * 4,
        "memory": 2,
    }
    return round(sum(number for part, number in numbers.items() if options.includes(part)))


def report(parsed, options: Options, results: Results, about, console: Console, seconds: float) -> None:
    standard = [Options(everything=options.everything), Options(only=("live",))]
    is_standard = options in standard
    folder = parsed.into or (ROOT / "docs" if is_standard else None)
    text = write(results, options, about, seconds, folder)
    print_line(console, text if folder is None else f"Wrote {folder / 'benchmarks.md'}")
    for goal in goals(results, options):
        print_line(console, f"{goal.verdict:8} {goal.description}: {goal.measured}")
    for failure in results.failures:
        print_line(console, f"failed   {failure}")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # SIGTERM stops the servers, too
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
