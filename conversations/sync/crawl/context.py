"""What the parts of a crawl share: the Page, its run, the worker pool, the writer and the failures so far."""

import logging
from dataclasses import dataclass, field

from conversations.graph.capabilities import Capabilities
from conversations.graph.errors import (
    ActionRequiredError,
    GraphError,
    MissingPermissionError,
)
from conversations.models import Page, SyncRun
from conversations.sync.crawl.backfill import HistoryBackfill
from conversations.sync.crawl.list_calls import ListSource
from conversations.sync.crawl.worker_pool import Notice, WorkerPool
from conversations.sync.load.backfill_state import BackfillState
from conversations.sync.load.transform import batch_to_rows
from conversations.sync.load.writer import BatchWriter

logger = logging.getLogger(__name__)


@dataclass(eq=False)
class CrawlContext:
    """Shared by the handlers of one crawl.

    `is_second_stored`: the run before was complete, so that all threads its lists showed are stored.
    """

    page: Page
    run: SyncRun
    pool: WorkerPool
    writer: BatchWriter
    capabilities: dict[str, Capabilities]  # by platform
    is_second_stored: bool
    # By platform: why it was not read to its end, and the source of calls for older messages.
    failures: dict[str, GraphError] = field(default_factory=dict, init=False)
    histories: dict[str, HistoryBackfill] = field(init=False)

    def __post_init__(self) -> None:
        self.histories = {platform: HistoryBackfill() for platform in self.platforms}

    def add_backfills(self, platform: str, backfills: list[BackfillState]) -> None:
        """Request the older messages of these threads."""
        self.pool.update(lambda: self.histories[platform].add(backfills))

    def fail(self, platform: str, error: GraphError) -> None:
        """End a platform. Raises the error if it ends the other platforms too."""
        # Another platform may have the permission that is missing here.
        if isinstance(error, ActionRequiredError) and not isinstance(error, MissingPermissionError):
            raise error
        self.failures.setdefault(platform, error)
        self.pool.drop(platform)

    def add_note(self, text: str) -> None:
        """Add a note to the run, once."""
        logger.warning("[page %s] %s", self.page.pk, text)
        if text not in self.run.notes:
            self.run.notes.append(text)

    @property
    def platforms(self) -> list[str]:
        return list(self.capabilities)

    def list_source(self, platform: str, folder: str | None) -> ListSource:
        return ListSource(
            self.page.facebook_page_id,
            folder,
            make_rows=lambda batch: batch_to_rows(batch, self.page, platform),
            notify=lambda text: self.pool.put(Notice(text)),
        )

    def watermark_second(self, platform: str, folder: str | None) -> int | None:
        """The second down to which a list is read; None: to its oldest thread."""
        watermark = self.page.watermark(platform)
        if folder or watermark is None or self.run.mode == SyncRun.Mode.FULL:
            return None
        return int(watermark.timestamp())
