"""Reports what an import from the replaced application has done: lines for people, JSON for programs."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from conversations.imports.legacy.importer import LEFT, NAMED, ImportResult
from conversations.imports.legacy.planning import PagePlan
from conversations.management.progress_text import pluralize, printable

EVENTS = "contact_interaction_events"
ADVICE = (
    "The old database holds the access tokens of your Pages in plain text, readable by others where its row"
    " security was opened. None was copied. Replace them: remove the old application in Facebook's settings"
    " and connect the Pages again."
)
REASONS = {
    "business": "of the Page itself",
    "doubled": "written down again",
    "empty_message_id": "without a message",
    "erased": "of people who were deleted here",
    "fallback": "invented, where no message was known",
    "missing_conversation": "of a conversation that is not there",
    "missing_stage": "of a stage that is not there",
    "missing_tag": "of a tag that is not there",
    "no_message_id": "without a message",
    "no_metadata": "without a message",
    "no_time": "without a time",
    "seeded": "invented by the button that seeds events",
    "self_test": "of the application's own tests",
    "stranger": "whose ID is none of a person at Facebook",
    "test": "invented by a test",
    "too_many_tags": "of more tags than there may be",
    "too_old": "older than RETENTION_DAYS",
    "unknown_page": "of a Page that Inbox does not have",
    "unnamed_tag": "of a tag without a name",
    "unreadable": "that cannot be read",
    "unreadable_metadata": "with unreadable details",
    "wrong_message_id": "with an ID that is none of a message",
}


# -- JSON ----------------------------------------------------------------------------------------------------
def summary(result: ImportResult, *, dry_run: bool, duration: float) -> dict[str, Any]:
    """Return what --json prints."""
    pages = [page_summary(plan) for plan in result.plans]
    return {
        "status": "complete" if result.is_complete else "complete_with_errors",
        "page": pages[0]["page"] if len(pages) == 1 else None,
        "dryRun": dry_run,
        "conversations": _sum(pages, "conversations"),
        "messages": _sum(pages, "messages") | {"adopted": 0, "skipped": _by_reason(result)},
        "tags": {"added": result.tags_created},
        "conversationTags": _sum(pages, "conversationTags"),
        "notes": _sum(pages, "notes"),
        "pages": pages,
        "rows": dict(result.rows),
        "dropped": {table: _by_kind(counts) for table, counts in result.dropped.items() if counts},
        "left": {
            "pages": [
                {"page": page.page_id, "name": page.name, "conversations": page.conversations}
                for page in result.unknown_pages[:NAMED]
            ],
            "people": result.strangers,
            "tags": result.refused_tags[:NAMED],
            "tables": result.absent,
        },
        "remarks": result.notes,
        "advice": ADVICE,
        "duration": round(duration, 3),
    }


def page_summary(plan: PagePlan) -> dict[str, Any]:
    def counts(name: str) -> dict[str, int]:
        return {"added": plan.new[name], "known": plan.known[name]}

    return {
        "page": plan.page.facebook_page_id,
        "conversations": {
            "matched": plan.matched,
            "suggested": 0,  # an ID is a proof
            "new": plan.people - plan.matched,
        },
        "messages": counts("messages"),
        "conversationTags": counts("tags"),
        "notes": counts("notes"),
    }


def failure(error: str) -> dict[str, Any]:
    """Return what --json prints if nothing was imported."""
    return {"status": "error", "error": error}


def _sum(pages: list[dict[str, Any]], name: str) -> dict[str, int]:
    keys = page_keys(name)
    return {key: sum(page[name][key] for page in pages) for key in keys}


def page_keys(name: str) -> tuple[str, ...]:
    return ("matched", "suggested", "new") if name == "conversations" else ("added", "known")


def _by_kind(counts: Counter[tuple[str, str]]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for (kind, reason), number in sorted(counts.items()):
        found.setdefault(kind, {})[reason] = number
    return found


def _by_reason(result: ImportResult) -> dict[str, int]:
    """Return how many events are no messages of ours, by reason."""
    reasons: Counter[str] = Counter()
    for (_, reason), number in result.dropped.get(EVENTS, Counter()).items():
        reasons[reason] += number
    return dict(sorted(reasons.items()))


# -- text --------------------------------------------------------------------------------------------------
def report_lines(result: ImportResult, *, dry_run: bool) -> Iterator[str]:
    if dry_run:
        yield "Nothing was written. An import would do this:"
    for plan in result.plans:
        yield f"{printable(str(plan.page))}: {describe(plan)}."
    yield f"{pluralize(result.tags_created, 'new tag')}."
    for table, counts in sorted(result.dropped.items()):
        for (kind, reason), number in sorted(counts.items()):
            label = table if kind == "row" else f"{table}, {kind}"
            yield f"  left out: {number:,} {REASONS[reason]} ({label}: {reason})"
    yield from map(printable, result.notes)
    yield ADVICE


def describe(plan: PagePlan) -> str:
    new, known = plan.new, plan.known
    return ", ".join(
        [
            f"{plan.people:,} {'person' if plan.people == 1 else 'people'}",
            f"{plan.people - plan.matched:,} of them new",
            f"{pluralize(new['tags'], 'tag')} added to conversations ({known['tags']:,} known)",
            f"{pluralize(new['messages'], 'message')} added without text ({known['messages']:,} known)",
            f"{pluralize(new['notes'], 'note')} added ({known['notes']:,} known)",
        ]
    )


def problem_lines(result: ImportResult) -> Iterator[str]:
    """Yield what was left that somebody may miss, by name."""
    for table in result.absent:
        yield f"The table {table} is not there: nothing of it was imported."
    for page in result.unknown_pages[:NAMED]:
        name = f" ({printable(page.name)})" if page.name else ""
        number = pluralize(page.conversations, "conversation")
        yield (
            f"Unknown Page {printable(page.page_id)[:80]}{name}: {number} left."
            " Connect it, say with --page which Page it is, or add --create-pages."
        )
    if len(result.unknown_pages) > NAMED:
        yield f"And {len(result.unknown_pages) - NAMED:,} more unknown Pages."
    for sender_id in result.strangers:
        yield f"Unknown person {printable(sender_id)[:80]!r}: this is no ID of Facebook."
    for name in result.refused_tags[:NAMED]:
        yield f"There are too many tags: {printable(name)!r} was left."
    left = {reason for counts in result.dropped.values() for _, reason in counts} & LEFT
    for reason in sorted(left - {"unknown_page", "stranger", "too_many_tags"}):
        yield f"Some rows were left: {REASONS[reason]}."
