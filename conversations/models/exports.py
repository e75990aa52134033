"""Exports that a worker prepares: what they hold, how far they are, and their files, until they expire."""

from collections.abc import Collection
from datetime import timedelta

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from conversations.lib.timeouts import lift_limit

KEPT = timedelta(hours=24)  # a file after its end
ABANDONED = timedelta(hours=48)  # an export that no worker finishes


class ExportQuerySet(QuerySet):
    def active(self):
        return self.filter(ended_at=None)

    def of_page(self, page_id: int):
        return self.filter(page_ids__contains=[page_id])

    def delete_holding(self, page_id: int, conversation_ids: Collection[int]) -> None:
        """Delete the exports whose files hold one of these conversations of a Page, in a transaction.

        A worker that writes such a file at this moment is waited for; what it reads later is without the
        conversations that this transaction deletes.
        """
        lift_limit()
        ids = [export.pk for export in self.of_page(page_id).select_for_update().only("pk")]
        parts = ExportPart.objects.filter(export__in=ids, is_written=True)
        holding = parts.filter(conversation_ids__overlap=list(conversation_ids)).values("export")
        self.filter(pk__in=holding).delete()

    def delete_expired(self) -> None:
        self.filter(expires_at__lt=timezone.now()).delete()


class Export(models.Model):
    """One file of a user. `exports.prepared` writes it."""

    class State(models.TextChoices):
        QUEUED = "queued", _("Queued")
        RUNNING = "running", _("Running")
        COMPLETE = "complete", _("Complete")
        FAILED = "failed", _("Failed")

    class What(models.TextChoices):
        CONVERSATIONS = "conversations"
        MESSAGES = "messages"

    class Format(models.TextChoices):
        CSV = "csv", "CSV"
        NDJSON = "ndjson", "NDJSON"
        PARQUET = "parquet", "Parquet"

    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="exports")
    what = models.TextField(choices=What)
    format = models.TextField(choices=Format)
    selection = models.JSONField(default=dict, help_text=_("The filter, or the IDs of conversations"))
    # All Pages that may be in it: who downloads the file must see them. No references: it may outlive them.
    page_ids = ArrayField(models.BigIntegerField())
    state = models.TextField(choices=State, default=State.QUEUED)
    error = models.TextField(blank=True, default="")
    total = models.BigIntegerField(default=0, help_text=_("Conversations, known when it is running"))
    processed = models.BigIntegerField(default=0)
    size = models.BigIntegerField(default=0, help_text=_("Bytes of the file"))
    stored_size = models.BigIntegerField(
        default=0, help_text=_("Bytes in the database, where it is compressed")
    )
    created_at = models.DateTimeField(default=timezone.now)
    worked_at = models.DateTimeField(null=True, blank=True, editable=False)  # the next is the least recent
    ended_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(db_index=True)

    objects = ExportQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                F("worked_at").asc(nulls_first=True),
                "id",
                name="export_active",
                condition=models.Q(ended_at=None),
            )
        ]

    def __str__(self):
        return gettext("Export %(number)s") % {"number": self.pk}

    @property
    def is_active(self) -> bool:
        return self.ended_at is None

    @property
    def file_name(self) -> str:
        return f"{self.what}.{self.format}"


class ExportPart(models.Model):
    """Conversations of an export, which one transaction writes to its file; the parts are in their order."""

    export = models.ForeignKey(Export, models.CASCADE, related_name="parts")
    conversation_ids = ArrayField(models.BigIntegerField())
    is_written = models.BooleanField(default=False)
    # Of a Parquet file: it leads to the row groups of the part.
    footer = models.BinaryField(null=True, editable=False)

    def __str__(self):
        return f"{len(self.conversation_ids)} conversations"


class ExportPiece(models.Model):
    """A piece of the file, compressed; the pieces are in their order."""

    export = models.ForeignKey(Export, models.CASCADE, related_name="pieces")
    body = models.BinaryField()

    def __str__(self):
        return f"Piece {self.pk}"
