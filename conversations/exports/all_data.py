"""Exports all data of Pages to a folder. Only months that have changed since the last export are written."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

from conversations.exports.data_folder import DataFolder, opened
from conversations.exports.data_tables import TABLES, Month, Table, months_of, rows_of, snapshot
from conversations.models import Page
from conversations.models.audit import Action, record

# Takes the number of rows that are to be written; what it yields is called with those that were.
Progress = Callable[[int], AbstractContextManager[Callable[[int], None]]]


class TablePlan(NamedTuple):
    """The months of a table, and those of them that are to be written."""

    table: Table
    months: dict[str, Month]
    changed: list[str]

    @property
    def changed_rows(self) -> int:
        return sum(self.months[name].rows for name in self.changed)


def export_all(path: Path, pages: list[Page], progress: Progress) -> list[TablePlan]:
    """Bring the folder up to date with the database, and return what was done.

    All tables are as they are at one moment. Who was deleted before is in no file afterwards. Raises
    FolderProblem and OSError.
    """
    names, ids = sorted(page.facebook_page_id for page in pages), [page.pk for page in pages]
    with opened(path, names) as folder:
        record(Action.EXPORTED, what="data", format="parquet", pages=names)
        with snapshot():
            return write_changed(folder, ids, progress)


def write_changed(folder: DataFolder, page_ids: list[int], progress: Progress) -> list[TablePlan]:
    plans = [plan_of(table, folder, page_ids) for table in TABLES]
    for plan in plans:  # first, so that who was deleted does not stay until the others are written
        folder.keep_only(plan.table, plan.months)
    with progress(sum(plan.changed_rows for plan in plans)) as count:
        for plan in plans:
            write(plan, folder, page_ids, count)
    return plans


def plan_of(table: Table, folder: DataFolder, page_ids: list[int]) -> TablePlan:
    months = months_of(table, page_ids)
    changed = [name for name, month in months.items() if not folder.has(table, name, month)]
    return TablePlan(table, months, changed)


def write(plan: TablePlan, folder: DataFolder, page_ids: list[int], count: Callable[[int], None]) -> None:
    if plan.changed:
        by_month = groupby(rows_of(plan.table, page_ids, plan.changed), key=itemgetter(0))
        for name, rows in by_month:
            folder.write(plan.table, name, plan.months[name], values_of(rows), count)


def values_of(rows: Iterator) -> Iterator:
    return (values for _, values in rows)
