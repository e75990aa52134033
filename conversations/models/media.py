"""What is known of the files of attachments beside their links, which are in the messages."""

from django.db import models
from django.utils import timezone


class LinkRenewal(models.Model):
    """When the links of a message were renewed, or why they could not be. Users share it."""

    # Events are deleted in many ways, also by SQL; the database deletes this row along.
    event = models.OneToOneField(
        "conversations.InteractionEvent",
        models.DO_NOTHING,
        primary_key=True,
        related_name="link_renewal",
        db_constraint=False,
    )
    renewed_at = models.DateTimeField(null=True, blank=True)
    refused_until = models.DateTimeField(
        null=True, blank=True, help_text="Until when Facebook is not asked again"
    )
    reason = models.TextField(blank=True, default="", help_text="A RefusalReason")
    message = models.TextField(blank=True, default="", help_text="Why, for people")

    def __str__(self):
        return f"links of event {self.pk}"


class MediaFile(models.Model):
    """A file in the storage, once for each content. One that no attachment refers to is removed."""

    digest = models.TextField(primary_key=True, help_text="SHA-256 of the content, hexadecimal")
    size = models.BigIntegerField(help_text="Bytes")
    media_type = models.TextField(help_text="By its first bytes")
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self):
        return self.digest

    @property
    def path(self) -> str:
        """Where it is in the storage."""
        return f"{self.digest[:2]}/{self.digest[2:4]}/{self.digest}"


class ArchivedPart(models.Model):
    """The file, or the small picture, of one attachment: kept, waiting to be kept, or impossible to get."""

    class State(models.TextChoices):
        WAITING = "waiting"
        KEPT = "kept"
        MISSING = "missing"

    event = models.ForeignKey(  # as that of LinkRenewal
        "conversations.InteractionEvent",
        models.DO_NOTHING,
        related_name="archived_parts",
        db_constraint=False,
        db_index=False,
    )
    index = models.IntegerField(help_text="Counts attachments_of() from 0")
    part = models.TextField(help_text="A media.parts.Part")
    page = models.ForeignKey("conversations.Page", models.CASCADE, related_name="archived_parts")
    state = models.TextField(choices=State, default=State.WAITING)
    reason = models.TextField(blank=True, default="", help_text="Why it is missing, for people")
    tries = models.IntegerField(default=0)
    next_try_at = models.DateTimeField(default=timezone.now)
    file = models.ForeignKey(MediaFile, models.PROTECT, null=True, blank=True, related_name="parts")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event", "index", "part"], name="archivedpart_of_event")
        ]
        indexes = [
            models.Index(
                fields=["page", "-event"], name="archivedpart_waiting", condition=models.Q(state="waiting")
            )
        ]

    def __str__(self):
        return f"{self.part} {self.index} of event {self.event_id}"


class ArchivePosition(models.Model):
    """Up to which message the archive has looked for files. There is one row.

    Messages get their IDs before they are committed, so it goes on only to IDs that it saw some time ago.
    """

    position = models.BigIntegerField(default=0)
    seen = models.BigIntegerField(default=0)
    seen_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(default=timezone.now, help_text="When it began with the first message")

    def __str__(self):
        return f"files up to event {self.position}"
