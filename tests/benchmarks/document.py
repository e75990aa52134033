"""Writes docs/benchmarks.md. It has three parts, which are written one by one: syncs, webhooks, and reads."""

from pathlib import Path

WEBHOOKS, READS = "<!-- webhooks -->\n", "<!-- reads -->\n"


def write_syncs(path: Path, text: str) -> None:
    _, webhooks, reads = _parts(path)
    _write(path, text, webhooks, reads)


def write_webhooks(path: Path, text: str) -> None:
    syncs, _, reads = _parts(path)
    _write(path, syncs, text, reads)


def write_reads(path: Path, text: str) -> None:
    syncs, webhooks, _ = _parts(path)
    _write(path, syncs, webhooks, text)


def _parts(path: Path) -> tuple[str, str, str]:
    before, _, reads = (path.read_text() if path.exists() else "").partition(READS)
    syncs, _, webhooks = before.partition(WEBHOOKS)
    return syncs, webhooks, reads


def _write(path: Path, syncs: str, webhooks: str, reads: str) -> None:
    marked = [f"{WEBHOOKS}\n{webhooks.strip()}"] if webhooks.strip() else []
    parts = [syncs.strip(), *marked, f"{READS}\n{reads.strip()}"]
    path.write_text("\n\n".join(filter(None, parts)).rstrip() + "\n")
