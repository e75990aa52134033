"""Writes the columns of the views into docs/data.md, and draws the tables: python -m tests.data_page"""

import os
import re
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

ROOT = Path(__file__).parent.parent
VIEWS = ROOT / "conversations" / "reporting" / "sql" / "views.sql"
PAGE, PICTURE = ROOT / "docs" / "data.md", ROOT / "docs" / "data-model.svg"
BEGIN, END = "<!-- views -->\n", "<!-- /views -->\n"
COMMENT = re.compile(
    r"^COMMENT ON (VIEW|COLUMN) reporting\.(\w+)(?:\.(\w+))? IS '((?:[^']|'')*)';$", re.MULTILINE
)
QUESTION = re.compile(r"^### (\d+)\. (.+?)$.*?```sql\n(.+?)```", re.MULTILINE | re.DOTALL)


# -- the views ---------------------------------------------------------------------------------------------
def views() -> str:
    """Return a table of the columns of each view as Markdown, from the comments in the SQL."""
    lines = []
    for kind, view, column, text in COMMENT.findall(VIEWS.read_text()):
        meaning = text.replace("''", "'")
        if kind == "VIEW":
            lines += ["", f"**`{view}`**: {meaning}", "", "| column | meaning |", "|---|---|"]
        else:
            lines.append(f"| `{column}` | {meaning} |")
    return "\n".join(lines).strip() + "\n"


def in_page(text: str) -> str:
    """Return the part of the document between the two markers."""
    return text.partition(BEGIN)[2].partition(END)[0]


def questions() -> dict[str, str]:
    """Return the SQL of the numbered questions in the document, by title."""
    return {title: sql for _, title, sql in QUESTION.findall(PAGE.read_text())}


# -- the picture -------------------------------------------------------------------------------------------
COLUMNS = (("Page", "SyncRun"), ("Conversation",), ("InteractionEvent", "Thread"), ("ConversationTag", "Tag"))
WIDTH, GUTTER, LINE, HEAD, TOP, MARGIN = 290, 60, 18, 28, 60, 40
STYLE = """
text { font: 12px ui-monospace, monospace; fill: #1c2430; }
.title { font-weight: 700; }
.kind { fill: #5b6675; }
.box { fill: #ffffff; stroke: #9aa6b5; }
.head { fill: #d6f1f7; stroke: #9aa6b5; }
.link { fill: none; stroke: #1f6f8b; stroke-width: 1.5; }
.ground { fill: #f3f5f8; }
marker path { fill: #1f6f8b; }
@media (prefers-color-scheme: dark) {
  text { fill: #e8ecf2; }
  .kind { fill: #9aa6b5; }
  .box { fill: #1b212a; stroke: #5b6675; }
  .head { fill: #205f79; stroke: #5b6675; }
  .link { stroke: #62b6cf; }
  .ground { fill: #12161c; }
  marker path { fill: #62b6cf; }
}
"""
ARROW = (
    '<marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    '<path d="M0 0L8 4L0 8z"/></marker>'
)
KINDS = {
    "ArrayField": "list",
    "BigAutoField": "id",
    "BigIntegerField": "number",
    "BooleanField": "yes or no",
    "CharField": "text",
    "DateTimeField": "time",
    "IntegerField": "number",
    "JSONField": "JSON",
    "PositiveIntegerField": "number",
    "SlugField": "text",
    "SmallIntegerField": "number",
    "TextField": "text",
    "UUIDField": "UUID",
}


class Row(NamedTuple):
    column: str
    kind: str
    target: str  # the name of the model to which it refers; "": to none in the picture


class Box(NamedTuple):
    table: str
    rows: list[Row]
    place: int  # its column
    x: int
    y: int

    @property
    def height(self) -> int:
        return HEAD + LINE * len(self.rows) + 8

    def middle(self, number: int) -> int:
        return self.y + HEAD + LINE * number + 12


def picture() -> str:
    """Return the tables behind the views as SVG, with the columns that are not internal."""
    boxes = _boxes()
    width = 2 * MARGIN + len(COLUMNS) * WIDTH + (len(COLUMNS) - 1) * GUTTER
    height = max(box.y + box.height for box in boxes.values()) + MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" '
        'role="img" aria-label="The tables of conversations and how they refer to each other">',
        f"<style>{STYLE}</style>",
        f"<defs>{ARROW}</defs>",
        f'<rect class="ground" width="{width}" height="{height}"/>',
        *(line for box in boxes.values() for line in _drawn(box)),
        *_links(boxes),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _boxes() -> dict[str, Box]:
    boxes = {}
    for place, names in enumerate(COLUMNS):
        y = TOP
        for name in names:
            table, rows = _table(name)
            boxes[name] = Box(table, rows, place, MARGIN + place * (WIDTH + GUTTER), y)
            y += boxes[name].height + 30
    return boxes


def _table(name: str) -> tuple[str, list[Row]]:
    from django.apps import apps

    model = apps.get_model("tags" if name == "Tag" else "conversations", name)
    shown = [
        field
        for field in model._meta.concrete_fields
        if field.primary_key or field.is_relation or field.editable or field.column.endswith("_at")
    ]
    return model._meta.db_table, [_row(field) for field in shown]


def _row(field) -> Row:
    if not field.is_relation:
        return Row(field.column, KINDS[field.get_internal_type()], "")
    other = field.related_model
    in_picture = other.__name__ in {name for names in COLUMNS for name in names}
    return Row(field.column, f"→ {other._meta.model_name}", other.__name__ if in_picture else "")


def _drawn(box: Box) -> list[str]:
    lines = [
        f'<rect class="box" x="{box.x}" y="{box.y}" width="{WIDTH}" height="{box.height}" rx="6"/>',
        f'<rect class="head" x="{box.x}" y="{box.y}" width="{WIDTH}" height="{HEAD}" rx="6"/>',
        f'<text class="title" x="{box.x + 10}" y="{box.y + 18}">{escape(box.table)}</text>',
    ]
    for number, row in enumerate(box.rows):
        y = box.middle(number) + 4
        lines.append(f'<text x="{box.x + 10}" y="{y}">{escape(row.column)}</text>')
        kind = escape(row.kind)
        lines.append(f'<text class="kind" x="{box.x + WIDTH - 10}" y="{y}" text-anchor="end">{kind}</text>')
    return lines


def _links(boxes: dict[str, Box]) -> list[str]:
    """A line from each column that refers to a table: beside the boxes, or over them if it is far."""
    lines: list[str] = []
    for box in boxes.values():
        for number, row in enumerate(box.rows):
            if row.target:
                path = _path(box, box.middle(number), boxes[row.target], len(lines))
                lines.append(f'<path class="link" d="{path}" marker-end="url(#arrow)"/>')
    return lines


def _path(source: Box, y: int, target: Box, number: int) -> str:
    lane, head = 10 + 4 * number, target.y + 14
    if source.place == target.place:
        return f"M{source.x} {y}H{source.x - lane}V{head}H{target.x}"
    if target.place == source.place - 1:
        return f"M{source.x} {y}H{source.x - lane}V{head}H{target.x + WIDTH}"
    if target.place > source.place:
        return f"M{source.x + WIDTH} {y}H{source.x + WIDTH + lane}V{head}H{target.x}"
    over, down = TOP - lane, target.x + WIDTH // 2 + 8 * number
    return f"M{source.x} {y}H{source.x - lane}V{over}H{down}V{target.y}"


if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "inbox.settings")
    django.setup()
    page = PAGE.read_text()
    PAGE.write_text(page.replace(BEGIN + in_page(page) + END, BEGIN + views() + END))
    PICTURE.write_text(picture())
