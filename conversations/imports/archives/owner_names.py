"""Finds the name under which the business stands in an archive. Nothing in an archive has an ID.

The owner of the archive takes part in each of its threads. A person confirms the name; only a name that the
profile and nearly all threads agree on, and that the Page has, may do without.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from conversations.graph.decoding import decode
from conversations.imports.archives.repair import Repairer
from conversations.imports.archives.thread_json import BOM, ThreadHead
from conversations.imports.archives.threads import ArchiveOverview
from conversations.lib.labels import name_key
from conversations.lib.names import is_placeholder

MAX_SUGGESTED = 10
MAX_NAMES = 200_000  # that are counted
MOST = 0.5  # of the threads: fewer, and it is the archive of somebody else
NEARLY_ALL = 0.9
MAX_DEPTH = 6  # of a profile


class NameCounter:
    """Counts in how many threads each name takes part, and what the titles of threads tell."""

    def __init__(self) -> None:
        self.threads = 0  # with several people: others do not tell whose the archive is
        self.named_in: Counter[str] = Counter()
        self.former: Counter[str] = Counter()

    def add(self, heads: Iterable[ThreadHead]) -> None:
        """Count a thread by what its files say."""
        heads = list(heads)
        self.threads += any(len(head.participants) > 1 for head in heads)
        names = {name for head in heads for name in head.participants if not is_placeholder(name, "")}
        if len(self.named_in) < MAX_NAMES:
            self.named_in.update(names)
        self.former.update({name for head in heads if (name := _other_than_title(head))})


def _other_than_title(head: ThreadHead) -> str:
    """Return the participant of two that the thread is not called by: its title is the other's name."""
    names = head.participants
    if len(names) != 2 or head.title not in names or names[0] == names[1]:
        return ""
    other = names[0] if names[1] == head.title else names[1]
    return "" if is_placeholder(other, "") else other


def suggest(counter: NameCounter, profile_names: Collection[str]) -> list[str]:
    """Return the names that may be the business's, best first."""
    keys = {name_key(name) for name in profile_names}

    def rank(name: str) -> tuple[bool, int, int, str]:
        return name_key(name) not in keys, -counter.former[name], -counter.named_in[name], name

    names = [
        name for name, count in counter.named_in.most_common(1000) if _may_be_ours(name, count, counter, keys)
    ]
    return sorted(names, key=rank)[:MAX_SUGGESTED]


def _may_be_ours(name: str, count: int, counter: NameCounter, keys: Collection[str]) -> bool:
    return name_key(name) in keys or count >= MOST * counter.threads or counter.former[name] > 1


def former_names(counter: NameCounter, suggested: Sequence[str]) -> list[str]:
    """Return names that stand where the owner's name stands, in threads without the first suggestion."""
    ours = {name_key(name) for name in suggested[:1]}
    others = [name for name, _ in counter.former.most_common(MAX_SUGGESTED) if name_key(name) not in ours]
    # A customer whose own name is the title of another thread is none of them.
    return [name for name in others if counter.named_in[name] == counter.former[name]]


def proven_name(overview: ArchiveOverview, page_names: Collection[str]) -> str:
    """Return the name if the archive proves it; empty if a person must confirm it.

    Nearly all threads have it, or most and the profile has it, too; and it is a name of the Page.
    """
    name = next(iter(overview.business_names), "")
    is_in_profile = name in overview.profile_names
    if not name or overview.named_in[name] < overview.compared * (MOST if is_in_profile else NEARLY_ALL):
        return ""
    if not page_names:
        return name if is_in_profile else ""
    return name if name_key(name) in {name_key(one) for one in page_names} else ""


def threads_named(overview: ArchiveOverview, names: Collection[str]) -> int:
    """Return in how many threads one of the names takes part, at most."""
    keys = {name_key(name) for name in names}
    return sum(count for name, count in overview.named_in.items() if name_key(name) in keys)


def profile_names(content: bytes, repairer: Repairer) -> list[str]:
    """Return what may be the owner's name in a profile, of Facebook or Instagram.

    That of Instagram has its fields in the language of the account; the caller keeps the names of threads.
    """
    content = content.removeprefix(BOM)
    profile, repair = decode(content), repairer.of_file(content)
    if not isinstance(profile, dict):
        return []
    names = [
        _get(profile, "name"),
        *(_get(_get(profile, part), "name") for part in ("profile_v2", "profile")),
    ]
    found = [_get(name, "full_name") if isinstance(name, dict) else name for name in names]
    found += _texts(profile.get("profile_user"), MAX_DEPTH)
    return list(
        dict.fromkeys(name for one in found if isinstance(one, str) and (name := repair(one).strip()))
    )


def _get(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None


def _texts(value: Any, depth: int) -> list[str]:
    if isinstance(value, str):
        return [value]
    items = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    return [text for item in items for text in _texts(item, depth - 1)] if depth else []
