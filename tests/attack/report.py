"""Prints what the attack found."""

import sys

from .matrix import EVERYBODY, Result
from .pressure import Row

DOORS = ["REST", "admin", "site"]
SHOWN_FAULTS = 50


def show(text: str = "") -> None:
    print(text, flush=True)  # noqa: T201 - at a terminal - for who is at the terminal


def show_progress(number: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{number} requests", end="", file=sys.stderr)  # noqa: T201 - at a terminal


def show_matrix(result: Result) -> None:
    """A row for each person, a column for each door: how many requests ended how."""
    show(f"\n{sum(result.counts.values())} requests, {len(result.faults)} unexpected\n")
    show(f"| who | {' | '.join(DOORS)} |")
    show(f"|---|{'---|' * len(DOORS)}")
    for who in EVERYBODY:
        show(f"| {who} | {' | '.join(cell(result, door, who) for door in DOORS)} |")


def cell(result: Result, door: str, who: str) -> str:
    ends = {end: number for (at, by, end), number in result.counts.items() if (at, by) == (door, who)}
    return ", ".join(f"{ends[end]} {end}" for end in sorted(ends))


def show_pressure(rows: list[Row]) -> None:
    show("\n| pressure | its answers | lists of a user meanwhile | p50 | p95 | slowest |")
    show("|---|---|---:|---:|---:|---:|")
    for row in rows:
        answers = ", ".join(f"{number} times {status}" for status, number in sorted(row.answers.items()))
        times = " | ".join(f"{1000 * row.quantile(part):.0f} ms" for part in (0.5, 0.95, 1))
        show(f"| {row.name} | {answers} | {len(row.times)} | {times} |")


def show_faults(faults: list[str]) -> None:
    show()
    for fault in faults[:SHOWN_FAULTS]:
        show(f"unexpected: {fault}")
    if len(faults) > SHOWN_FAULTS:
        show(f"… and {len(faults) - SHOWN_FAULTS} more")
    show(f"{len(faults)} unexpected" if faults else "Nothing unexpected.")
