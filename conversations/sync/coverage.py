"""Coverage: what became of all threads that Facebook lists of a Page, in numbers."""

from collections.abc import Iterable, Mapping

from django.db.models import Count, Q, Sum
from django.db.models.functions import Coalesce
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from conversations.models import ArchivedPart, Page, Thread
from conversations.sync.stored_state import read_unfinished_lists

STATES = Thread.State.values  # each thread has one of these
FILE_STATES = ArchivedPart.State.values
LABELS: dict[str, str | Promise] = {
    Thread.State.STORED: _("stored"),
    Thread.State.MERGED: _("duplicate"),
    Thread.State.UNREADABLE: _("unreadable"),
    Thread.State.OWED: _("pending"),
}
MESSAGES = {"listed": "message_count", "held": "held_count", "unreadable": "unreadable_count"}


def take_coverage(page: Page) -> dict:
    """Return the present coverage of the Page, from two queries.

    The result is `{"threads": {"listed", "stored", "merged", "unreadable", "owed"}, "messages": {"listed",
    "held", "unreadable"}}`, all numbers. The four states of threads add up to `listed`. If the Page has
    threads on two platforms, `platforms` has the same for each by its name. Threads that Facebook no longer
    lists stay included. If a list never ended, `lists` has its "platform", "folder" (None: the inbox) and
    "reason". `gaps` is the number of Instagram threads of which messages are lost, if there are any. `files`,
    where the archive has looked for any: how many are "kept", "waiting" and "missing". `archives`, if there
    are imported messages that Facebook does not show: by month their number, and that of Facebook's messages.
    """
    rows = page.threads.order_by().values("platform").annotate(**_counts(), **_sums()).order_by("platform")
    platforms = {row["platform"]: _from_row(row) for row in rows}
    coverage = _sum(list(platforms.values()))
    coverage |= {"platforms": platforms} if len(platforms) > 1 else {}
    gaps = sum(map(_gaps, rows))
    coverage |= {"gaps": gaps} if gaps else {}
    files = dict(page.archived_parts.order_by().values_list("state").annotate(Count("pk")))
    coverage |= {"files": {state: files.get(state, 0) for state in FILE_STATES}} if files else {}
    coverage |= {"archives": page.import_months} if page.import_months else {}
    lists = _unfinished_lists(page)
    return coverage | {"lists": lists} if lists else coverage


def describe_coverage(coverage: dict) -> str:
    """Return the coverage of threads as one sentence; an empty text if there is none."""
    if not coverage:
        return ""
    threads = coverage["threads"]
    listed = ngettext(
        "Facebook lists %(number)s thread: %(states)s",
        "Facebook lists %(number)s threads: %(states)s",
        threads["listed"],
    )
    states = ", ".join(f"{threads[state]:,} {LABELS[state]}" for state in STATES)
    lines = [*describe_lists(coverage), *describe_gaps(coverage)]
    lines += [*describe_archives(coverage), *describe_files(coverage)]
    return ". ".join([listed % {"number": f"{threads['listed']:,}", "states": states}, *lines])


def describe_lists(coverage: dict) -> list[str]:
    """Return a sentence, without its full stop, for each list that never ended."""
    return [
        gettext("Pending: %(list)s. %(reason)s")
        % {"list": list_name(each["platform"], each["folder"]), "reason": each["reason"].removesuffix(".")}
        for each in coverage.get("lists", ())
    ]


def describe_gaps(coverage: dict) -> list[str]:
    """Return a sentence, without its full stop, if messages are lost that Instagram no longer shows."""
    if not (number := coverage.get("gaps")):
        return []
    text = ngettext(
        "Messages are missing in %(number)s Instagram thread: Instagram shows only the newest 20",
        "Messages are missing in %(number)s Instagram threads: Instagram shows only the newest 20",
        number,
    )
    return [text % {"number": f"{number:,}"}]


def describe_archives(coverage: dict) -> list[str]:
    """Return a sentence, without its full stop, for the months of archives alone, and for those of both."""
    if not (months := coverage.get("archives")):
        return []
    number = sum(archived for archived, _ in months.values())
    alone = month_ranges(month for month, (_, shown) in months.items() if not shown)
    both = month_ranges(month for month, (_, shown) in months.items() if shown)
    brought = ngettext(
        "Archives brought %(number)s message that Facebook does not show",
        "Archives brought %(number)s messages that Facebook does not show",
        number,
    )
    lines = [brought % {"number": f"{number:,}"}]
    lines += [gettext("From archives alone: %(months)s") % {"months": alone}] if alone else []
    return lines + ([gettext("From archives and Facebook: %(months)s") % {"months": both}] if both else [])


def month_ranges(months: Iterable[str]) -> str:
    """Return months as ranges: "2019-03 to 2020-12, 2022-01"."""
    spans: list[list[str]] = []
    for month in sorted(months):
        if spans and _number(month) == _number(spans[-1][-1]) + 1:
            spans[-1][1:] = [month]
        else:
            spans.append([month])
    return ", ".join(
        gettext("%(first)s to %(last)s") % {"first": span[0], "last": span[1]} if len(span) > 1 else span[0]
        for span in spans
    )


def _number(month: str) -> int:
    year, _, number = month.partition("-")
    return 12 * int(year) + int(number)


def describe_files(coverage: dict) -> list[str]:
    """Return a sentence, without its full stop, if the archive keeps files."""
    if not (files := coverage.get("files")):
        return []
    kept, waiting, missing = (files[state] for state in ("kept", "waiting", "missing"))
    text = gettext(
        "Of %(number)s files of messages, %(kept)s are kept, %(waiting)s wait, %(missing)s are missing"
    )
    numbers = {"number": sum(files.values()), "kept": kept, "waiting": waiting, "missing": missing}
    return [text % {name: f"{number:,}" for name, number in numbers.items()}]


def list_name(platform: str, folder: str | None) -> str:
    """Return how a list of threads is called: "Messenger, folder spam"."""
    if not folder:
        return platform.capitalize()
    return gettext("%(platform)s, folder %(name)s") % {"platform": platform.capitalize(), "name": folder}


def _unfinished_lists(page: Page) -> list[dict[str, str | None]]:
    rows = []
    for key, entry in sorted(read_unfinished_lists(page.unfinished_lists).items()):
        platform, _, folder = key.partition("/")
        name = None if folder == "inbox" else folder
        rows.append({"platform": platform, "folder": name, "reason": entry.reason})
    return rows


def _counts() -> dict:
    counts = {f"threads_{state}": Count("pk", filter=Q(state=state)) for state in STATES}
    return {"threads_listed": Count("pk"), "gaps": Count("gap_at"), **counts}


def _sums() -> dict:
    return {f"messages_{name}": Coalesce(Sum(column), 0) for name, column in MESSAGES.items()}


def _gaps(row: Mapping) -> int:
    return row["gaps"]


def _from_row(row: Mapping) -> dict:
    return {
        "threads": {name: row[f"threads_{name}"] for name in ("listed", *STATES)},
        "messages": {name: int(row[f"messages_{name}"]) for name in MESSAGES},
    }


def _sum(coverages: list[dict]) -> dict:
    names = {"threads": ("listed", *STATES), "messages": tuple(MESSAGES)}
    return {
        kind: {name: sum(coverage[kind][name] for coverage in coverages) for name in kind_names}
        for kind, kind_names in names.items()
    }
