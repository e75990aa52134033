"""The audit log: who did what, on what, when and from which address. Every entry point calls `record()`."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from conversations.lib.client_address import address_of
from conversations.lib.request_scope import current_request
from conversations.lib.text import clean, clean_json

KEPT_DAYS = 400  # models/sql/audit.sql holds the same number
ERASED = {"erased": True}  # in place of details that named a deleted person
MAX_TEXT = 500  # characters of a name, a path, a filter
WITHOUT_NAME = ("conversation", "interactionevent", "thread")  # targets that would be called by a customer


class Action(models.TextChoices):
    """What can happen. Not the choices of a column: a new one needs no migration."""

    SIGNED_IN = "signed_in", _("Signed in")
    SIGN_IN_FAILED = "sign_in_failed", _("Sign in failed")
    SIGN_IN_LOCKED = "sign_in_locked", _("Sign in locked")
    SIGN_IN_UNLOCKED = "sign_in_unlocked", _("Sign in unlocked")
    SIGNED_OUT = "signed_out", _("Signed out")
    SESSIONS_ENDED = "sessions_ended", _("Sessions ended")
    CONFIRMED = "confirmed", _("Confirmed")
    PASSWORD_CHANGED = "password_changed", _("Password changed")
    PASSWORD_RESET_SENT = "password_reset_sent", _("Password reset sent")
    USER_INVITED = "user_invited", _("User invited")
    USER_CREATED = "user_created", _("User created")
    USER_CHANGED = "user_changed", _("User changed")
    SECOND_FACTOR_ADDED = "second_factor_added", _("Second factor added")
    SECOND_FACTOR_REMOVED = "second_factor_removed", _("Second factor removed")
    RECOVERY_CODES_MADE = "recovery_codes_made", _("Recovery codes made")
    KEY_CREATED = "key_created", _("Key created")
    KEY_ENDED = "key_ended", _("Key ended")
    ROLE_CHANGED = "role_changed", _("Role changed")
    PAGE_CONNECTED = "page_connected", _("Page connected")
    PAGE_DISCONNECTED = "page_disconnected", _("Page disconnected")  # by the person who had connected it
    APP_REMOVED = "app_removed", _("App removed at Facebook")
    USER_DATA_DELETED = "user_data_deleted", _("Data of a Facebook user deleted")
    PAGE_CHANGED = "page_changed", _("Page changed")
    ARCHIVE_IMPORTED = "archive_imported", _("Archive imported")
    IMPORT_JOINED = "import_joined", _("Imported thread joined")
    IMPORT_SEPARATED = "import_separated", _("Imported thread separated")
    IMPORT_REJECTED = "import_rejected", _("Suggestion of an import rejected")
    IMPORT_REOPENED = "import_reopened", _("Suggestion of an import reopened")
    EXPORTED = "exported", _("Exported")
    EXPORT_DOWNLOADED = "export_downloaded", _("Export downloaded")  # what a worker has prepared
    PERSON_ERASED = "person_erased", _("Person erased")
    PAGE_ERASED = "page_erased", _("Page erased")
    BULK_STARTED = "bulk_started", _("Bulk started")
    BULK_CANCELLED = "bulk_cancelled", _("Bulk cancelled")
    BULK_CHANGED = "bulk_changed", _("Bulk changed")
    BULK_UNDONE = "bulk_undone", _("Bulk undone")
    MESSAGE_WRITTEN = "message_written", _("Message written")
    MESSAGE_CANCELLED = "message_cancelled", _("Message cancelled")
    MESSAGE_RETRIED = "message_retried", _("Message retried")
    MESSAGE_DISCARDED = "message_discarded", _("Message discarded")
    TAG_RENAMED = "tag_renamed", _("Tag renamed")  # by an upgrade
    VIEW_RENAMED = "view_renamed", _("View renamed")
    KEYS_ROTATED = "keys_rotated", _("Keys rotated")
    REFUSED = "refused", _("Refused")


class AuditQuerySet(QuerySet):
    def newest_first(self):
        return self.order_by("-pk")

    def after_cursor(self, row_id: int):
        """Rows after the row with this ID, in the order of newest_first()."""
        return self.filter(pk__lt=row_id)


class AuditEntry(models.Model):
    """One row for each act. The database refuses to change or delete it: see models/sql/audit.sql."""

    at = models.DateTimeField(default=timezone.now, db_index=True)
    action = models.TextField()
    # Not a real reference: a row outlives its user, and nothing may change it then.
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.DO_NOTHING,
        null=True,
        blank=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    actor_name = models.TextField(_("by"), blank=True, default="")
    target_type = models.TextField(blank=True, default="")
    target_id = models.TextField(blank=True, default="")
    target_name = models.TextField(_("target"), blank=True, default="")
    address = models.TextField(blank=True, default="")
    details = models.JSONField(default=dict, blank=True)

    objects = AuditQuerySet.as_manager()

    class Meta:
        verbose_name_plural = _("audit log")
        indexes = [
            # What a user can undo.
            models.Index(
                fields=["actor", "-id"],
                name="auditentry_bulk_changes",
                condition=models.Q(action__in=["bulk_changed", "bulk_undone"]),
            )
        ]

    def __str__(self):
        return gettext("%(action)s by %(actor)s") % {
            "action": self.action,
            "actor": self.actor_name or gettext("nobody"),
        }


def record(
    action: str,
    /,
    *,
    request: HttpRequest | None = None,
    actor: Any = None,
    target: Any = None,
    **details: Any,
) -> AuditEntry:
    """Add a row. Call it in the transaction of the act, so that both are stored or neither.

    `request` is the present one and `actor` its user, unless given. `target` is a row of any model, or a text
    such as a user name. Details are small JSON values, without secrets and without words of customers.
    """
    request = request or current_request.get()
    user = actor or getattr(request, "user", None)
    known = user if user is not None and user.is_authenticated else None
    is_row = isinstance(target, models.Model)
    kind = target._meta.model_name if is_row else ""
    return AuditEntry.objects.create(
        action=action,
        actor_id=known and known.pk,
        actor_name=known.get_username() if known else "",
        target_type=kind,
        target_id=str(target.pk) if is_row else "",
        target_name="" if target is None or kind in WITHOUT_NAME else short(str(target)),
        address=(address_of(request) if request is not None else None) or "",
        details=clean_json({name: shortened(value) for name, value in details.items()}),
    )


def shortened(value: Any) -> Any:
    if isinstance(value, str):
        return short(value)
    if isinstance(value, dict):
        return {short(str(name)): shortened(item) for name, item in list(value.items())[:50]}
    if isinstance(value, list | tuple | set):
        return [shortened(item) for item in list(value)[:50]]
    return value if value is None or isinstance(value, bool | int | float) else short(str(value))


def short(text: str) -> str:
    return clean(text[:MAX_TEXT])
