"""Drafts: what a user has written to a customer and not sent yet."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from conversations.models.conversations import Conversation

MAX_DRAFTS = 500  # of one user
MAX_TEXT = 10_000


class Draft(models.Model):
    """The user finds it on every device; nobody else sees it. It goes with the conversation."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="drafts")
    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="drafts")
    text = models.TextField()
    reply_to = models.BigIntegerField(null=True, blank=True, help_text="ID of the event that is quoted")
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "conversation"], name="draft_user_conversation")
        ]

    def __str__(self):
        return f"{self.user} → {self.conversation}"


def store_draft(user, conversation: Conversation, text: str, reply_to: int | None) -> Draft | None:
    """Store what the user has written, or delete it if it is nothing. The oldest drafts of many go."""
    own = Draft.objects.filter(user=user)
    if not text.strip() and reply_to is None:
        own.filter(conversation=conversation).delete()
        return None
    content = {"text": text, "reply_to": reply_to, "changed_at": timezone.now()}
    draft, is_new = Draft.objects.update_or_create(user=user, conversation=conversation, defaults=content)
    if is_new:
        kept = own.order_by("-changed_at").values_list("pk", flat=True)[:MAX_DRAFTS]
        own.exclude(pk__in=list(kept)).delete()
    return draft
