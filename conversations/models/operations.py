"""Bulk operations on more conversations than one transaction changes, what they still have to do, and what
deferred a job.
"""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

KEPT_DAYS = 30  # after the end; what was changed stays in the events of the conversations


class BulkOperationQuerySet(QuerySet):
    def active(self):
        return self.filter(ended_at=None)


class BulkOperation(models.Model):
    """One action on many conversations, done in slices: only actions.bulk_operations writes it."""

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        COMPLETE = "complete"
        CANCELLED = "cancelled"
        FAILED = "failed"

    class Action(models.TextChoices):
        ASSIGN = "assign"
        REMOVE = "remove"
        REPLACE = "replace"
        STATUS = "status"
        ASSIGNEE = "assignee"
        SNOOZE = "snooze"
        READ = "read"
        UNDO = "undo"

    operation = models.UUIDField(unique=True, default=uuid.uuid4)  # in `data["act"]` of its events
    action = models.TextField(choices=Action)
    arguments = models.JSONField(default=dict, help_text="The tags, the status …, or the operation to undo")
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False
    )
    # All Pages of its conversations. No references: it may outlive them.
    page_ids = ArrayField(models.BigIntegerField())
    state = models.TextField(choices=State, default=State.QUEUED)
    error = models.TextField(blank=True, default="")
    matched = models.BigIntegerField(default=0)
    processed = models.BigIntegerField(default=0)
    changed = models.BigIntegerField(default=0)
    # Events after this one, and not before this time, were made while the operation was in progress.
    last_event_id = models.BigIntegerField(default=0)
    events_since = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = BulkOperationQuerySet.as_manager()

    class Meta:
        indexes = [models.Index("id", name="bulkoperation_active", condition=Q(ended_at=None))]

    def __str__(self):
        return f"{self.action} {self.operation}"

    @property
    def is_active(self) -> bool:
        return self.ended_at is None


class OperationChunk(models.Model):
    """Conversations of one Page that an operation still has to do. They are taken from its beginning."""

    operation = models.ForeignKey(BulkOperation, models.CASCADE, related_name="chunks")
    page_id = models.BigIntegerField()
    conversation_ids = ArrayField(models.BigIntegerField())

    def __str__(self):
        return f"{len(self.conversation_ids)} conversations"


class JobOrigin(models.Model):
    """The ids under which the code that deferred a job logs, and so does the job (inbox/logs/job_ids.sql).

    It has no reference to the job: jobs are not ours, and are deleted by themselves.
    """

    job_id = models.BigIntegerField(primary_key=True)
    ids = models.JSONField(help_text="Such as the request, the run or the webhook")

    def __str__(self):
        return f"origin of job {self.job_id}"


def delete_origins(jobs: QuerySet) -> None:
    """Delete the origins of jobs that are not among these any more."""
    JobOrigin.objects.exclude(Exists(jobs.filter(pk=OuterRef("job_id")))).delete()
