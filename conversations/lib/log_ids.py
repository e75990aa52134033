"""The ids under which the lines of a log belong together: of the request, the job, the run, the webhook.

`inbox/logs/` writes them into each line. They are numbers and short names, never a text that a person wrote.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from types import MappingProxyType
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
Id = str | int

_ids: ContextVar[Mapping[str, Id]] = ContextVar("log_ids", default=MappingProxyType({}))


def current_ids() -> dict[str, Id]:
    return dict(_ids.get())


@contextmanager
def log_ids(**ids: Id) -> Iterator[None]:
    """Add these ids to each line that is logged within."""
    token = _ids.set({**_ids.get(), **ids})
    try:
        yield
    finally:
        _ids.reset(token)


def add_log_ids(**ids: Id) -> None:
    """Add these ids until the end of this asyncio task or thread."""
    _ids.set({**_ids.get(), **ids})


def carried(work: Callable[P, T]) -> Callable[P, T]:
    """Return `work` for another thread, where it has the ids of this one.

    Nothing else of the context is carried: what a request holds ends with the request.
    """
    ids = current_ids()

    @wraps(work)
    def with_ids(*args: P.args, **kwargs: P.kwargs) -> T:
        with log_ids(**ids):
            return work(*args, **kwargs)

    return with_ids
