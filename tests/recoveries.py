"""Updates the table of recoveries in docs/sync.md from the error rules: python -m tests.recoveries"""

from pathlib import Path

from conversations.graph.error_table import recoveries

PAGE = Path(__file__).parent.parent / "docs" / "sync.md"
BEGIN, END = "<!-- recoveries -->\n", "<!-- /recoveries -->\n"
HEAD = "| code / subcode | error | what a sync does | message to the owner |\n|---|---|---|---|\n"


def table() -> str:
    """Return the table as Markdown, one line for each error rule."""
    return HEAD + "".join(f"| {' | '.join(map(_cell, row))} |\n" for row in recoveries())


def in_page(text: str) -> str:
    """Return the part of the document between the two markers."""
    return text.partition(BEGIN)[2].partition(END)[0]


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    page = PAGE.read_text()
    PAGE.write_text(page.replace(BEGIN + in_page(page) + END, BEGIN + table() + END))
