"""Writes docs/benchmarks.md. It has two parts, one per command: syncs above the marker, reads below it."""

from pathlib import Path

MARKER = "<!-- reads -->\n"


def write_syncs(path: Path, text: str) -> None:
    path.write_text(f"{text.rstrip()}\n\n{MARKER}{_parts(path)[1]}")


def write_reads(path: Path, text: str) -> None:
    path.write_text(f"{_parts(path)[0]}{MARKER}\n{text.strip()}\n")


def _parts(path: Path) -> tuple[str, str]:
    syncs, _, reads = (path.read_text() if path.exists() else "").partition(MARKER)
    return syncs, reads
