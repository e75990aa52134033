"""Updates the table of list sizes in docs/sync.md from the code: python -m tests.list_sizes"""

from pathlib import Path

from conversations.graph import fields
from conversations.graph.readers import larger_lists

PAGE = Path(__file__).parent.parent / "docs" / "sync.md"
BEGIN, END = "<!-- sizes -->\n", "<!-- /sizes -->\n"
HEAD = "| conversations | messages of each | of Instagram | requested |\n|---|---|---|---|\n"
LARGER = "in full runs, once one call has returned more than 100"
USUAL, SMALLER = "usually", "after Facebook refused the row above"


def table() -> str:
    """Return the table as Markdown, one line for each size, the largest first."""
    usual = fields.LIST_SIZES[0]
    larger = ((count, usual[1], LARGER) for count in larger_lists.LARGER)
    others = ((*size, USUAL if size == usual else SMALLER) for size in fields.LIST_SIZES)
    rows = ((count, messages, _of_instagram(messages), when) for count, messages, when in (*larger, *others))
    return HEAD + "".join(f"| {' | '.join(map(str, row))} |\n" for row in rows)


def in_page(text: str) -> str:
    """Return the part of the document between the two markers."""
    return text.partition(BEGIN)[2].partition(END)[0]


def _of_instagram(messages: int) -> int:
    return min(messages, fields.INSTAGRAM_WINDOW)


if __name__ == "__main__":
    page = PAGE.read_text()
    PAGE.write_text(page.replace(BEGIN + in_page(page) + END, BEGIN + table() + END))
