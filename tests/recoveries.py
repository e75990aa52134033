"""Writes the table of recoveries in docs/sync.md anew from the code's own: python -m tests.recoveries"""

from pathlib import Path

from conversations.graph.errors import recoveries

PAGE = Path(__file__).parent.parent / "docs" / "sync.md"
BEGIN, END = "<!-- recoveries -->\n", "<!-- /recoveries -->\n"
HEAD = "| code / subcode | what came | what a sync does | what the owner reads |\n|---|---|---|---|\n"


def table() -> str:
    """As Markdown, one line for each row of the code's table."""
    return HEAD + "".join(f"| {' | '.join(map(_cell, row))} |\n" for row in recoveries())


def in_page(text: str) -> str:
    """The part of the page between the two marks."""
    return text.partition(BEGIN)[2].partition(END)[0]


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    page = PAGE.read_text()
    PAGE.write_text(page.replace(BEGIN + in_page(page) + END, BEGIN + table() + END))
