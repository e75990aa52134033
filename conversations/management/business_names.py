"""Asks for the names under which the business stands in an archive, and checks them."""

import sys
from collections.abc import Callable, Sequence

from conversations.imports.archives.owner_names import MOST, proven_name, threads_named
from conversations.imports.archives.threads import ArchiveError, ArchiveOverview
from conversations.lib.labels import name_key
from conversations.management.progress_text import pluralize, printable
from conversations.models import Page

MAX_SHOWN = 5
MAX_LENGTH = 200  # characters of a name

Ask = Callable[[str], bool]  # a question to the person at the terminal -> whether the answer is yes


def choose_names(overview: ArchiveOverview, page: Page, given: Sequence[str], ask: Ask | None) -> list[str]:
    """Return the confirmed names. `ask` is None where nobody can answer. Raises ArchiveError."""
    names = [name for name in given if name.strip()]
    if not names:
        names = _ask_for_names(overview, page, ask) if ask else _proven_names(overview, page)
    _check_threads(overview, names)
    _check_other_pages(names, page)
    return names


def terminal_question(stream) -> Ask | None:
    """Return a function that asks on the terminal; None if there is none."""
    if not (sys.stdin.isatty() and stream.isatty()):
        return None

    def ask(question: str) -> bool:
        stream.write(f"{question} [y/N] ", ending="")
        stream.flush()
        return sys.stdin.readline().strip().lower() in ("y", "yes")

    return ask


def _ask_for_names(overview: ArchiveOverview, page: Page, ask: Ask) -> list[str]:
    for name in overview.business_names[:MAX_SHOWN]:
        if ask(f"Is {_shown(overview, name)} the business of the Page {printable(str(page))}?"):
            earlier = [one for one in overview.former_names[:MAX_SHOWN] if one != name]
            return [name, *(one for one in earlier if ask(f"Is {_shown(overview, one)} its earlier name?"))]
    raise ArchiveError("Nothing was imported. Name the business as the archive does: --business-name NAME.")


def _proven_names(overview: ArchiveOverview, page: Page) -> list[str]:
    if name := proven_name(overview, _names_of(page)):
        return [name]
    candidates = ", ".join(_shown(overview, name) for name in overview.business_names[:MAX_SHOWN])
    raise ArchiveError(
        f"The archive does not prove that it is of the Page {printable(str(page))}. Confirm the name of the"
        f" business as the archive has it with --business-name NAME. It may be {candidates or 'any'}."
    )


def _check_threads(overview: ArchiveOverview, names: Sequence[str]) -> None:
    """Refuse names that few threads have: it is the archive of somebody else."""
    count = threads_named(overview, names)
    if count and count >= overview.compared * MOST:
        return
    others = [name for name in (*overview.business_names, *overview.former_names) if name not in names]
    candidates = ", ".join(_shown(overview, name) for name in dict.fromkeys(others[:MAX_SHOWN]))
    raise ArchiveError(
        f"Only {count:,} of {pluralize(overview.compared, 'thread')} have the name"
        f" {' or '.join(map(_quoted, names))}: this is the archive of somebody else, or the business has had"
        f" further names, which you can add with --business-name. It may be {candidates or 'any'}."
    )


def _check_other_pages(names: Sequence[str], page: Page) -> None:
    """Refuse names of another Page: the wrong one was given."""
    keys = {name_key(name) for name in names}
    if keys & {name_key(name) for name in _names_of(page)}:
        return
    for other in Page.objects.exclude(pk=page.pk).only("name", "instagram_username", "facebook_page_id"):
        if keys & {name_key(name) for name in _names_of(other)}:
            raise ArchiveError(
                f"This is the archive of the Page {printable(str(other))} ({other.facebook_page_id}), not of"
                f" {printable(str(page))}. If it is nevertheless, add --business-name {_quoted(str(page))}."
            )


def _names_of(page: Page) -> list[str]:
    return [name for name in (page.name, page.instagram_username) if name]


def _shown(overview: ArchiveOverview, name: str) -> str:
    count = overview.named_in.get(name, 0)
    return f"{_quoted(name)} (in {count:,} of {pluralize(overview.compared, 'thread')})"


def _quoted(name: str) -> str:
    return f'"{printable(name[:MAX_LENGTH])}"'
