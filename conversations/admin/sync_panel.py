"""The sync panel: the newest run of a Page with its progress, counters and buttons."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext

from conversations.admin.formatting import describe_result, describe_status
from conversations.lib.durations import format_duration
from conversations.models import Page, SyncRun
from conversations.models.run_counters import IN_PROGRESS, LABELS, RunCounters, rest_name
from conversations.permissions import MANAGER, VIEWER, page_ids
from conversations.sync.progress import PUBLIC_MESSAGES, TERMINAL_STATUSES, WAITING_STATUSES, SyncProgress
from conversations.tasks import is_worker_alive


@dataclass
class SyncPanel:
    """What `page/sync.html` shows of a run; `static/conversations/sync-panel.js` keeps it current."""

    page: Page
    state: SyncProgress | None  # None: the Page was never synced
    may_sync: bool
    has_worker: bool

    @property
    def message(self) -> str:
        """One sentence about the run. Only managers read why it failed or waits; the status says that."""
        if self.state is None:
            return gettext("Never synced.")
        return "" if self.state.status in PUBLIC_MESSAGES and not self.may_sync else self.state.message

    @property
    def reconnect_reason(self) -> str:
        """Why somebody must act; managers also read what Facebook says."""
        return self.page.reason_for(MANAGER if self.may_sync else VIEWER)

    @property
    def is_waiting(self) -> bool:
        return self.state is not None and self.state.status in WAITING_STATUSES

    @property
    def resumes_in(self) -> str:
        """For how long a waiting run waits; "" if it does not say."""
        return format_duration(self.state.seconds) if self.state and self.state.seconds else ""

    @property
    def resumes_at(self) -> datetime | None:
        """When a waiting run resumes."""
        seconds = self.state.seconds if self.state else None
        return timezone.now() + timedelta(seconds=seconds) if seconds else None

    @property
    def done(self) -> int:
        return self.state.done if self.state else 0

    @property
    def is_active(self) -> bool:
        return self.state is not None and self.state.status not in TERMINAL_STATUSES

    @property
    def status(self) -> str:
        return describe_status(self.state.status if self.state else "")

    @property
    def counters(self) -> list[tuple[str, str, str]]:
        """The counters as (label, name in the event stream, number)."""
        counters = self.state or RunCounters()
        shown = ["total", *(name for name in IN_PROGRESS if name in LABELS and name != "total")]
        return [(str(LABELS[name]), rest_name(name), f"{getattr(counters, name):,}") for name in shown]

    @property
    def result(self) -> str:
        return describe_result(self.state)

    @property
    def time_zone(self) -> str:
        return timezone.get_current_timezone_name()


def sync_panels(request: HttpRequest, pages: list[Page]) -> list[SyncPanel]:
    """Return the panel of each Page, in the order of `pages`."""
    newest = SyncRun.objects.filter(page__in=pages).without_details().order_by("page", "-pk").distinct("page")
    states = {
        run.page_id: SyncProgress.from_run(run)
        for run in newest.select_related("page").defer("page__access_token")
    }
    managed, has_worker = page_ids(request.user, MANAGER), is_worker_alive()
    return [SyncPanel(page, states.get(page.pk), page.pk in managed, has_worker) for page in pages]
