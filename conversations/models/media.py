"""What is known of the files of attachments beside their links, which are in the messages."""

from django.db import models


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
