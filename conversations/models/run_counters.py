"""The counters of a run: the only list of them. REST, streams, admin and command derive theirs from it."""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


def _counter(label: str | Promise) -> Any:
    return field(default=0, metadata={"label": label})


def _synced(counters: Any) -> int:
    return counters.inserted + counters.updated + counters.unchanged


def _done(counters: Any) -> int:
    return counters.synced + counters.skipped


def _accounted(counters: Any) -> int:
    return counters.done + counters.owed


@dataclass(frozen=True, kw_only=True)
class RunCounters:
    """The counters of a run at one moment, each with its label for people.

    The first five are the results that a thread can have. `total` counts threads, too, `events_created`
    messages and `requests` calls of Graph.
    """

    inserted: int = _counter(_("new"))
    updated: int = _counter(_("changed"))
    unchanged: int = _counter(_("unchanged"))
    skipped: int = _counter(_("skipped"))
    owed: int = _counter(_("pending"))
    total: int = _counter(_("listed"))
    events_created: int = _counter(_("new messages"))
    requests: int = _counter(_("requests"))

    synced = property(_synced)
    done = property(_done)  # stored or skipped
    accounted = property(_accounted)  # all threads that the run has seen


class CounterColumns(models.Model):
    """The counters as columns of a run, one for each field of RunCounters."""

    inserted = models.IntegerField(default=0)
    updated = models.IntegerField(default=0)
    unchanged = models.IntegerField(default=0)
    skipped = models.IntegerField(default=0)
    owed = models.IntegerField(default=0)
    total = models.IntegerField(default=0)
    events_created = models.IntegerField(default=0)
    requests = models.IntegerField(default=0)

    class Meta:
        abstract = True

    synced = property(_synced)
    done = property(_done)
    accounted = property(_accounted)


LABELS: dict[str, str | Promise] = {each.name: each.metadata["label"] for each in fields(RunCounters)}
STORED = tuple(LABELS)  # names of columns
THREAD_RESULTS = STORED[:5]
ALL = ("synced", *STORED)
IN_PROGRESS = tuple(name for name in ALL if name not in ("owed", "requests"))  # in streams and results
IN_COMMAND = tuple(name for name in ALL if name not in ("owed", "total"))  # in the JSON of a command


def rest_name(name: str) -> str:
    """Return the name of a counter in REST, streams and the JSON of commands."""
    first, *others = name.split("_")
    return first + "".join(part.capitalize() for part in others)


def stored_values(run: CounterColumns) -> dict[str, int]:
    """Return the values of all columns by name, the arguments of RunCounters."""
    return {name: getattr(run, name) for name in STORED}


def rest_values(counters: RunCounters | CounterColumns, names: Iterable[str]) -> dict[str, int]:
    """Return the values of these counters by their names in REST."""
    return {rest_name(name): getattr(counters, name) for name in names}


def sum_counters(several: Iterable[RunCounters]) -> RunCounters:
    """Return the sums of the counters of several runs."""
    columns = list(several)
    return RunCounters(**{name: sum(getattr(each, name) for each in columns) for name in STORED})
