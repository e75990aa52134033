"""Messages that users write to customers: the outbox. docs/answering.md explains the states."""

import uuid
from datetime import timedelta

from django.conf import settings
from django.db import connection, models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from conversations.models import querysets
from conversations.models.conversations import Conversation, InteractionEvent

KEPT = timedelta(days=30)  # after it was written
CHANNEL = "inbox_outbox"  # of the notification that there is something to do
FROM_SEND = "send"  # `data.source` of the event of a message that Facebook has not shown yet
METADATA = "inbox:"  # what Facebook gives back with a message of ours begins with this


class OutgoingMessage(models.Model):
    """A message to a customer. The row is there before Facebook is called, and decides what may be sent.

    Facebook's message is an event of the conversation, with the same `graph_id`. Once that is known, text and
    file are nowhere but there. Only `conversations.sending` writes these rows.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("Queued")
        SENDING = "sending", _("Sending")  # Facebook is called at this moment
        SENT = "sent", _("Sent")
        UNCERTAIN = "uncertain", _("Uncertain")  # nobody knows whether it was sent: never repeated by itself
        FAILED = "failed", _("Failed")  # it was not sent
        CANCELLED = "cancelled", _("Cancelled")  # a user does not want it sent

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="outgoing", db_index=False)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="outgoing_messages",
        db_index=False,
    )
    client_id = models.UUIDField(help_text=_("From the client: the same one is the same message"))
    digest = models.TextField(help_text=_("Of the content, which is not kept"))
    # What Facebook gives back as `metadata`: it leads from an echo to this row.
    token = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    text = models.TextField(blank=True, default="")
    file_kind = models.TextField(blank=True, default="", help_text=_("image, video, audio or file"))
    file_name = models.TextField(blank=True, default="")
    file_type = models.TextField(blank=True, default="")
    file_size = models.BigIntegerField(default=0)
    attachment_id = models.TextField(blank=True, default="", help_text=_("Of the uploaded file"))
    reply_to = models.TextField(blank=True, default="", help_text=_("Facebook ID of the quoted message"))
    state = models.TextField(choices=State, default=State.QUEUED)
    reason = models.TextField(blank=True, default="", help_text=_("Why it is failed or uncertain, or waits"))
    created_at = models.DateTimeField(default=timezone.now)
    queued_at = models.DateTimeField(default=timezone.now, help_text=_("When a user last wanted it sent"))
    due_at = models.DateTimeField(default=timezone.now)
    tries = models.IntegerField(default=0, help_text=_("Since it was queued, without reaching Facebook"))
    # The key of the lock of the process that works on it. Without that lock the process is dead.
    sender = models.IntegerField(null=True, blank=True)
    attempt = models.UUIDField(null=True, blank=True)
    attempted_at = models.DateTimeField(null=True, blank=True, help_text=_("When Facebook was last called"))
    looks = models.IntegerField(default=0, help_text=_("How often the thread was looked at for it"))
    looked_at = models.DateTimeField(
        null=True, blank=True, help_text=_("When it was not found in the thread; others wait for that")
    )
    graph_id = models.TextField(blank=True, default="", help_text=_("Facebook ID of the message"))

    objects = querysets.OutgoingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["author", "client_id"], name="outgoing_client_id"),
        ]
        indexes = [
            models.Index(fields=["conversation", "-id"], name="outgoing_of_conversation"),
            models.Index(fields=["author", "-created_at"], name="outgoing_of_author"),
            models.Index(fields=["due_at", "id"], name="outgoing_due", condition=Q(state="queued")),
            models.Index(fields=["id"], name="outgoing_sending", condition=Q(sender__isnull=False)),
            models.Index(
                fields=["attempted_at"],
                name="outgoing_unsettled",
                condition=Q(graph_id="", attempted_at__isnull=False),
            ),
            models.Index(fields=["created_at"], name="outgoing_created"),
        ]

    def __str__(self):
        return f"{self.state} {self.created_at:%Y-%m-%d %H:%M:%S}"

    @property
    def metadata(self) -> str:
        return f"{METADATA}{self.token}"

    @property
    def has_content(self) -> bool:
        return bool(self.text or self.file_kind)


class OutgoingPiece(models.Model):
    """A piece of the file of a message, until Facebook shows it. The pieces are in their order."""

    message = models.ForeignKey(OutgoingMessage, models.CASCADE, related_name="pieces")
    body = models.BinaryField()

    def __str__(self):
        return f"Piece {self.pk}"


def delete_expired() -> None:
    """Delete files that Facebook shows by now, and old rows.

    Those in any state: nobody has decided about them for a month.
    """
    _delete_shown_files()
    expired = OutgoingMessage.objects.filter(created_at__lt=timezone.now() - KEPT)
    expired.exclude(state=OutgoingMessage.State.SENDING).delete()


def _delete_shown_files() -> None:
    with_files = OutgoingPiece.objects.order_by().values("message")
    sent = OutgoingMessage.objects.filter(pk__in=with_files, state=OutgoingMessage.State.SENT)
    events = dict(sent.with_events().values_list("pk", "event_id"))
    if events:
        unseen = InteractionEvent.objects.filter(pk__in=events.values(), data__source=FROM_SEND)
        kept = set(unseen.values_list("pk", flat=True))
        shown = [pk for pk, event_id in events.items() if event_id not in kept]
        OutgoingPiece.objects.filter(message__in=shown).delete()


def wake_senders() -> None:
    """Tell all processes that there is something to do, when the transaction commits."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])
