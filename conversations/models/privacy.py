"""What remains of deleted people and Pages: keyed hashes to recognize them, and a log of deletions."""

import hashlib
import hmac
import secrets

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

PERSON_DELETED = "Person deleted. Nothing of this thread is stored."  # `Thread.reason`


def new_key() -> str:
    return secrets.token_hex(32)


class ForgottenKey(models.Model):
    """The random key of a Page's fingerprints. It is not a setting, because settings can change.

    The row is identified by the Facebook ID: it remains when the Page is deleted and connected again.
    """

    facebook_page_id = models.TextField()
    key = models.TextField(default=new_key, editable=False)
    forgotten_count = models.BigIntegerField(default=0)  # tells a running sync that there are more

    class Meta:
        constraints = [models.UniqueConstraint(fields=["facebook_page_id"], name="forgottenkey_page")]

    def __str__(self):
        return f"{self.forgotten_count} deleted people of {self.facebook_page_id}"


class Fingerprint(models.Model):
    """The keyed hash of a deleted person, or of a thread of one: a sync does not store them again."""

    facebook_page_id = models.TextField()
    digest = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["facebook_page_id", "digest"], name="fingerprint_once")
        ]

    def __str__(self):
        return self.digest[:12]


class MessageFingerprint(models.Model):
    """The keyed hash of a message that a deleted person wrote: an import does not store that person again.

    Archives name no IDs, so that nothing else tells whose a thread of an archive is.
    """

    facebook_page_id = models.TextField()
    digest = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["facebook_page_id", "digest"], name="messagefingerprint_once")
        ]

    def __str__(self):
        return self.digest[:12]


def sender_digest(key: str, sender_id: str) -> str:
    """Return the fingerprint of a person."""
    return _digest(key, f"sender {sender_id}")


def thread_digest(key: str, graph_id: str) -> str:
    """Return the fingerprint of a thread."""
    return _digest(key, f"thread {graph_id}")


def message_digest(key: str, second: int, text: str) -> str:
    """Return the fingerprint of a message. The text is in the form NFC."""
    return _digest(key, f"message {second} {text}")


def _digest(key: str, text: str) -> str:
    return hmac.digest(key.encode(), text.encode(), hashlib.sha256).hex()


class ErasureQuerySet(models.QuerySet):
    def pages_in_progress(self):
        """The deletions of a Page that have not ended. One of a person is a single transaction."""
        return self.filter(kind=Erasure.Kind.PAGE, ended_at=None)


class Erasure(models.Model):
    """The log of a deletion: who deleted what, when and how much, without any content."""

    class Kind(models.TextChoices):
        PERSON = "person", _("One person")
        PAGE = "page", _("Everything of a Page")

    kind = models.TextField(choices=Kind)
    page = models.ForeignKey(
        "conversations.Page", models.SET_NULL, null=True, blank=True, related_name="erasures"
    )
    facebook_page_id = models.TextField(_("Facebook ID of the Page"))
    # All IDs of a Page under which Facebook may still send webhooks of it, that of Instagram too.
    account_ids = ArrayField(models.TextField(), blank=True, default=list, editable=False)
    page_name = models.TextField(blank=True, default="")
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    actor_name = models.TextField(_("by"), blank=True, default="")
    keeps_page = models.BooleanField(default=False, help_text=_("The Page stays connected"))
    conversations = models.BigIntegerField(default=0)
    messages = models.BigIntegerField(default=0)
    history = models.BigIntegerField(default=0, help_text=_("Events of staff actions"))
    tags = models.BigIntegerField(default=0, help_text=_("Tags on conversations"))
    threads = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0, help_text=_("Number of conversations at the start"))
    created_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)  # null: in progress

    objects = ErasureQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index("page", name="erasure_in_progress", condition=models.Q(ended_at__isnull=True))
        ]

    def __str__(self):
        return f"{self.get_kind_display()}: {self.page_name or self.facebook_page_id}"
