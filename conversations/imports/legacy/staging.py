"""Copies the rows of a source into temporary tables of our database. Nothing else is written."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from django.db import connection

from conversations.imports.legacy import shaping
from conversations.imports.legacy.copy_text import copy_line
from conversations.imports.legacy.page_mapping import PageMapping
from conversations.imports.legacy.source import Block, Row, Source
from conversations.imports.legacy.tag_groups import TagGroup, TagList
from conversations.lib.sql_files import read_statements
from conversations.models import Page

STATEMENTS = read_statements(__file__)
CHUNK = 500  # rows that are sent together
EVENTS = "contact_interaction_events"

Report = Callable[[str, int, int], None]  # what is done, how much of it, and of how much
Shape = Callable[[Row], Row | None]


class Staged:
    """What was read. `rows` counts the rows of each table; `dropped` those left out, by kind and reason."""

    def __init__(self) -> None:
        self.tags = TagList()
        self.rows: Counter[str] = Counter()
        self.dropped: dict[str, Counter[tuple[str, str]]] = {}
        self.groups: list[TagGroup] = []
        self.pages: dict[int, Page] = {}

    def drop(self, table: str, reason: str, number: int = 1, kind: str = "row") -> None:
        if number:
            self.dropped.setdefault(table, Counter())[kind, reason] += number


def create_tables() -> None:
    drop_tables()
    execute("create_tables")


def drop_tables() -> None:
    execute("drop_tables")


def stage(source: Source, mapping: PageMapping, report: Report) -> Staged:
    """Read everything, and find the Page and the tag of each row."""
    staged = Staged()
    for block in source.blocks():
        _read(block, source, mapping, staged, report)
    report("Reading", source.total, source.total)
    execute("spread_rows")
    _stage_groups(staged)
    _stage_pages(staged, mapping)
    execute("mark_problems")
    execute("index_rows")
    return staged


def _read(block: Block, source: Source, mapping: PageMapping, staged: Staged, report: Report) -> None:
    rows = _counted(block, source, staged, report)
    lists: dict[str, Callable[[Row], None]] = {
        "facebook_pages": mapping.legacy.add,
        "tags": staged.tags.add_tag,
        "pipeline_stages": staged.tags.add_stage,
    }
    if block.table in lists:
        for row in rows:
            lists[block.table](row)
        return
    dropped = staged.dropped.setdefault(EVENTS, Counter())
    tables: dict[str, tuple[str, Shape]] = {
        "messenger_conversations": ("legacy_conversation", shaping.conversation),
        "conversation_tags": ("legacy_tagging", shaping.conversation_tag),
        "pipeline_opportunities": ("legacy_opportunity", shaping.opportunity),
        EVENTS: ("legacy_event", partial(shaping.event, dropped=dropped)),
    }
    table, shape = tables[block.table]
    copy_rows(table, filter(None, map(shape, rows)))


def _counted(block: Block, source: Source, staged: Staged, report: Report) -> Iterator[Row]:
    """Yield the readable rows, count all, and report how far the source is read."""
    for number, row in enumerate(block.rows, 1):
        staged.rows[block.table] += 1
        if row is None:
            staged.drop(block.table, "unreadable")
        else:
            yield row
        if not number % CHUNK:
            report("Reading", source.done, source.total)


def _stage_groups(staged: Staged) -> None:
    staged.groups = staged.tags.groups()
    numbered = list(enumerate(staged.groups))
    keys = {key: number for number, group in numbered for key in group.keys}
    copy_rows("legacy_tag", ((key, str(number)) for key, number in keys.items()))
    copy_rows("legacy_group", ((str(number), None) for number, _ in numbered))


def _stage_pages(staged: Staged, mapping: PageMapping) -> None:
    found: list[Row] = []
    for (page_key,) in execute("page_keys"):
        page = mapping.find(page_key)
        if page:
            staged.pages[page.pk] = page
        ids = "{" + ",".join(sorted(page.business_ids)) + "}" if page else None
        found.append((page_key, str(page.pk) if page else None, ids))
    copy_rows("legacy_page", found)


def copy_rows(table: str, rows: Iterable[Row]) -> None:
    with (
        connection.wrap_database_errors,
        connection.cursor() as cursor,
        cursor.copy(f"COPY {table} FROM STDIN") as copy,
    ):
        lines: list[str] = []
        for row in rows:
            lines.append(copy_line(row))
            if len(lines) == CHUNK:
                copy.write("".join(lines))
                lines = []
        copy.write("".join(lines))


def execute(name: str, **parameters) -> list[tuple]:
    """Run a statement of this module, and return its rows."""
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS[name], parameters or None)
        return cursor.fetchall() if cursor.description else []
