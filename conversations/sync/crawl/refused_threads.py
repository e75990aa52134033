"""Asks the list of threads whether a permission is missing for the whole Page, or only one thread is refused.

Facebook answers both with the same error. If it still lists the threads, the refusal costs that thread only.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from msgspec import Struct

from conversations.graph.client import GraphClient
from conversations.graph.errors import GraphError, Recovery
from conversations.models import Thread
from conversations.sync.crawl.worker_pool import Call
from conversations.sync.load.backfill_state import BackfillState


def is_unconfirmed(error: GraphError) -> bool:
    """Whether the error may be about the whole Page or about one thread."""
    return error.recovery is Recovery.CONFIRM_ON_LIST


class Refusal(Struct, frozen=True):
    """A thread that Facebook refused, and the backfill that was interrupted by it, if any."""

    thread: Thread
    error: GraphError
    backfill: BackfillState | None = None

    @property
    def thread_error(self) -> GraphError:
        """The error of the thread, without the advice that is meant for a whole Page."""
        error = self.error
        text = f"Facebook refuses this thread only. {error.text.removeprefix(error.advice).strip()}"
        return GraphError(text, code=error.code, subcode=error.subcode, trace=error.trace)


@dataclass(eq=False)
class RefusalCheck(Call):
    """A call for the list after these refusals. An answer shows that the Page itself is not refused."""

    refusals: tuple[Refusal, ...]


@dataclass(eq=False)
class RefusalChecks:
    """The source of these calls, one at a time: each confirms all refusals that came before it."""

    page_id: str
    platform: str
    waiting: deque[Refusal] = field(default_factory=deque)
    is_asking: bool = False

    def has_work(self) -> bool:
        return bool(self.waiting) and not self.is_asking

    def take(self) -> RefusalCheck | None:
        if not self.has_work():
            return None
        refusals = tuple(self.waiting)
        self.waiting.clear()
        self.is_asking = True
        return RefusalCheck(self, _list_request(self.page_id, self.platform), refusals)

    def on_result(self, call: Call, value: Any) -> None:
        self.is_asking = False


def _list_request(page_id: str, platform: str) -> Callable[[GraphClient], Any]:
    return lambda client: client.get(f"{page_id}/conversations", platform=platform, fields="id", limit=1)
