"""Exports all data as Parquet files, one for each table and month: `manage.py exportdata DIR`."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from conversations.exports import parquet
from conversations.exports.all_data import TablePlan, export_all
from conversations.exports.data_folder import FolderProblem
from conversations.management.delayed_bar import delayed_count
from conversations.management.progress_text import pluralize
from conversations.models import Page


class Command(BaseCommand):
    help = (
        "Exports all data as Parquet files, one for each table and month. In the folder of an earlier export"
        " it writes only the months that have changed, and removes who was deleted meanwhile."
    )

    def add_arguments(self, parser):
        parser.add_argument(
            "folder", metavar="DIR", type=Path, help="a new folder, or one of an earlier export"
        )
        parser.add_argument(
            "--page",
            action="append",
            default=[],
            metavar="FACEBOOK_PAGE_ID",
            help="export this Page only; may be repeated",
        )

    def handle(self, *, folder: Path, page: list[str], **options: Any) -> None:
        if not parquet.is_available():
            raise CommandError(str(parquet.MISSING))
        pages = pages_to_export(page)
        try:
            plans = export_all(folder, pages, lambda rows: delayed_count(rows, "Exporting"))
        except FolderProblem as error:
            raise CommandError(str(error), returncode=2) from None
        except OSError as error:
            raise CommandError(f"{error.filename or folder}: {error.strerror or error}") from None
        for plan in plans:
            self.stdout.write(describe(plan))


def pages_to_export(facebook_page_ids: list[str]) -> list[Page]:
    """Return the Pages with these IDs, or all of them."""
    if not facebook_page_ids:
        return list(Page.objects.order_by("pk"))
    pages = Page.objects.filter(facebook_page_id__in=facebook_page_ids).order_by("pk")
    missing = set(facebook_page_ids) - {page.facebook_page_id for page in pages}
    if missing:
        raise CommandError(f"No Page with the ID {min(missing)!r} is connected.", returncode=2)
    return list(pages)


def describe(plan: TablePlan) -> str:
    files = f"{len(plan.changed):,} of {pluralize(len(plan.months), 'file')} written"
    return f"{plan.table.name}: {files}, {pluralize(plan.changed_rows, 'row')}."
