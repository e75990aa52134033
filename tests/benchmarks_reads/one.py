"""python -m tests.benchmarks_reads.one ROWS FILE: builds and measures one database, and writes JSON into the file."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

import django


def main(rows: int, path: Path) -> None:
    django.setup()
    from tests.benchmarks_reads.measure import measure

    text = json.dumps(asdict(measure(rows)))
    path.write_text(text)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
