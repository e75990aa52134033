"""Sync runs: their status, counters, checkpoint and report."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from conversations.models import querysets
from conversations.models.pages import Page
from conversations.models.run_counters import CounterColumns


class SyncRun(CounterColumns):
    """One execution of a sync. Only `sync.run_lifecycle.finish()` ends it, and it is never reopened."""

    class Mode(models.TextChoices):
        FULL = "full", _("Full")
        INCREMENTAL = "incremental", _("Incremental")

    class Status(models.TextChoices):
        QUEUED = "queued", _("Queued")
        STARTING = "starting", _("Starting")
        FETCHING = "fetching", _("Fetching")
        SYNCING = "syncing", _("Syncing")
        WAITING = "waiting", _("Waiting")
        RETRYING = "retrying", _("Retrying")
        COMPLETE = "complete", _("Complete")
        COMPLETE_WITH_ERRORS = "complete_with_errors", _("Completed with errors")
        ERROR = "error", _("Failed")
        INTERRUPTED = "interrupted", _("Interrupted")
        CANCELLED = "cancelled", _("Cancelled")

    class Fault(models.TextChoices):
        OWNER = "owner", _("Owner")  # somebody must reconnect the Page
        FACEBOOK = "facebook", _("Facebook")
        INBOX = "inbox", _("Inbox")

    page = models.ForeignKey(Page, models.CASCADE, related_name="runs")
    mode = models.TextField(choices=Mode)
    trigger = models.TextField(help_text=_("Where the sync was requested"))
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    status = models.TextField(choices=Status, default=Status.QUEUED)
    checkpoint = models.JSONField(
        default=dict, blank=True, help_text=_("The checkpoint from which the next run resumes")
    )
    notes = models.JSONField(default=list, blank=True, help_text=_("Remarks that need no action"))
    ledger = models.JSONField(default=dict, blank=True, help_text=_("Counts of threads by state at the end"))
    samples = models.JSONField(
        default=list, blank=True, help_text=_("Samples for the chart, see sync.timeline")
    )
    waits = models.JSONField(default=list, blank=True, help_text=_("Pauses, see sync.timeline"))
    error = models.TextField(blank=True, default="")
    fault = models.TextField(
        choices=Fault, blank=True, default="", help_text=_("Who must act after an error")
    )
    wait_reason = models.TextField(blank=True, default="", help_text=_("Reason of the pause"))
    waits_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = querysets.RunQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["page", "-id"], name="syncrun_newest_first"),
            models.Index(fields=["page", "-id"], name="syncrun_full", condition=models.Q(mode="full")),
        ]

    def __str__(self):
        return gettext("run %(number)s of %(page)s: %(status)s") % {
            "number": self.pk,
            "page": self.page,
            "status": self.status,
        }

    @property
    def duration(self) -> float:
        """Seconds from the start to the end, or until now."""
        if self.started_at is None:
            return 0.0
        return ((self.ended_at or timezone.now()) - self.started_at).total_seconds()
