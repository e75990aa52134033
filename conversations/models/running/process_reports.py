"""What web processes and workers report of themselves, so that each web process can answer for all."""

from datetime import timedelta

from django.db import models
from django.utils import timezone

KEPT = timedelta(hours=1)


class ProcessReport(models.Model):
    """The numbers of one process, which replaces its row every few seconds (conversations.monitoring)."""

    process = models.TextField(unique=True)
    reported_at = models.DateTimeField()
    numbers = models.JSONField(default=dict)

    def __str__(self):
        return self.process


def delete_expired() -> None:
    """Delete the rows of processes that ended long ago."""
    ProcessReport.objects.filter(reported_at__lt=timezone.now() - KEPT).delete()
