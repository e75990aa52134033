"""Reads expectations.txt: who may open which address without a body."""

from pathlib import Path

TEXT = Path(__file__).with_suffix(".txt").read_text()
LINES = [line.split() for line in TEXT.splitlines() if line and not line.startswith("#")]
ROWS = [(method, address, cells) for method, address, *cells in LINES]
