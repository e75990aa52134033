"""What is kept of what was forgotten: enough to recognise it, and who did it."""

import hashlib
import hmac
import secrets

from django.conf import settings
from django.db import models
from django.utils import timezone


def new_key() -> str:
    return secrets.token_hex(32)


class ForgottenKey(models.Model):
    """What fingerprints of a Page are made with: random, and no setting, for a setting changes.

    Named by Facebook's id: who deletes a Page and connects it again meets nobody who was forgotten.
    """

    facebook_page_id = models.TextField()
    key = models.TextField(default=new_key, editable=False)
    forgotten_count = models.BigIntegerField(default=0)  # a sync in work sees by it that there are more

    class Meta:
        constraints = [models.UniqueConstraint(fields=["facebook_page_id"], name="forgottenkey_page")]

    def __str__(self):
        return f"{self.forgotten_count} forgotten of {self.facebook_page_id}"


class Fingerprint(models.Model):
    """A person, or a thread of one, who is not to be stored again: a keyed hash and nothing else."""

    facebook_page_id = models.TextField()
    digest = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["facebook_page_id", "digest"], name="fingerprint_once")
        ]

    def __str__(self):
        return self.digest[:12]


def of_sender(key: str, sender_id: str) -> str:
    return _digest(key, f"sender {sender_id}")


def of_thread(key: str, graph_id: str) -> str:
    return _digest(key, f"thread {graph_id}")


def _digest(key: str, text: str) -> str:
    return hmac.digest(key.encode(), text.encode(), hashlib.sha256).hex()


class Erasure(models.Model):
    """The line that is left of it: who took out what when, how much of it, and none of its content."""

    class Kind(models.TextChoices):
        PERSON = "person", "One person"
        PAGE = "page", "Everything of a Page"

    kind = models.TextField(choices=Kind)
    page = models.ForeignKey(
        "conversations.Page", models.SET_NULL, null=True, blank=True, related_name="erasures"
    )
    facebook_page_id = models.TextField("Facebook's id of the Page")
    page_name = models.TextField(blank=True, default="")
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    actor_name = models.TextField("by", blank=True, default="")
    keeps_page = models.BooleanField(default=False, help_text="The Page stays connected")
    conversations = models.BigIntegerField(default=0)
    messages = models.BigIntegerField(default=0)
    history = models.BigIntegerField(default=0, help_text="Events that tell what staff did")
    tags = models.BigIntegerField(default=0, help_text="Tags on conversations")
    threads = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0, help_text="Conversations there were at its beginning")
    created_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)  # null: in work

    class Meta:
        indexes = [models.Index("page", name="erasure_in_work", condition=models.Q(ended_at__isnull=True))]

    def __str__(self):
        return f"{self.get_kind_display()}: {self.page_name or self.facebook_page_id}"
