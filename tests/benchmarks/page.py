"""docs/benchmarks.md in two parts, each written by its own command: syncs above the mark, reads below."""

from pathlib import Path

MARK = "<!-- reads -->\n"


def write_syncs(path: Path, text: str) -> None:
    path.write_text(f"{text.rstrip()}\n\n{MARK}{_parts(path)[1]}")


def write_reads(path: Path, text: str) -> None:
    path.write_text(f"{_parts(path)[0]}{MARK}\n{text.strip()}\n")


def _parts(path: Path) -> tuple[str, str]:
    syncs, _, reads = (path.read_text() if path.exists() else "").partition(MARK)
    return syncs, reads
