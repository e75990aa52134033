"""Imports from one source, from reading to the report."""

from collections import Counter
from collections.abc import Mapping

from django.utils import timezone
from msgspec import Struct, field

from conversations.imports.legacy import planning
from conversations.imports.legacy.page_mapping import PageMapping
from conversations.imports.legacy.planning import PagePlan, plan
from conversations.imports.legacy.source import Source
from conversations.imports.legacy.staging import Report, create_tables, drop_tables, stage
from conversations.imports.legacy.writing import create_tags, write
from conversations.lib.log_ids import log_ids

# What the owner may want to bring in by other means. All other reasons are of rows that are worth nothing, or
# that are here already.
LEFT = {
    "missing_conversation",
    "missing_stage",
    "missing_tag",
    "stranger",
    "too_many_tags",
    "unknown_page",
    "unnamed_tag",
    "unreadable",
}
NAMED = 20  # of the things that were left, in a report


class UnknownPage(Struct):
    """A Page of the old application that Inbox does not have."""

    page_id: str
    name: str
    conversations: int


class ImportResult(Struct):
    """What an import has done, or would do. `dropped` counts rows by table, then by kind and reason."""

    plans: list[PagePlan]
    tags_created: int
    rows: Counter[str]
    dropped: dict[str, Counter[tuple[str, str]]]
    unknown_pages: list[UnknownPage]
    strangers: list[str]
    refused_tags: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)  # tables that every source should have

    @property
    def is_complete(self) -> bool:
        """Whether nothing was left that somebody may miss."""
        reasons = {reason for counts in self.dropped.values() for _, reason in counts}
        return not (LEFT & reasons or self.refused_tags or self.absent)

    def sum_of(self, name: str) -> Counter[str]:
        """Return the sums of `new` or `known` of all Pages."""
        return sum((getattr(each, name) for each in self.plans), Counter())


@log_ids(importing="legacy")
def import_legacy(
    source: Source,
    mappings: Mapping[str, str],
    *,
    creates_pages: bool = False,
    dry_run: bool = False,
    report: Report = lambda what, done, total: None,
) -> ImportResult:
    """Read the source and write what is new of it. A second import writes nothing.

    Raises SourceError, before anything is written, and UnknownTarget.
    """
    now = timezone.now()
    mapping = PageMapping(mappings, creates=creates_pages, dry_run=dry_run)
    create_tables()
    try:
        staged = stage(source, mapping, report)
        plans = plan(staged, now, report)
        created, refused = create_tags(staged, dry_run=dry_run)
        if not dry_run:
            write(plans, now, report)
        return ImportResult(
            plans,
            created,
            staged.rows,
            staged.dropped,
            _unknown_pages(mapping),
            planning.strangers(NAMED),
            refused,
            source.notes,
            source.absent,
        )
    finally:
        drop_tables()


def _unknown_pages(mapping: PageMapping) -> list[UnknownPage]:
    """Return the Pages that are missing, those with the most conversations first."""
    return [
        UnknownPage(mapping.facebook_id_of(page_key), mapping.name_of(page_key), number)
        for page_key, number in planning.unknown_pages()
    ]
