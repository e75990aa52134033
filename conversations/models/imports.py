"""What was imported from archives: their threads, which message is which event, and what is undecided."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from conversations.models import querysets
from conversations.models.conversations import Conversation
from conversations.models.pages import Page, Platform

OWN_KEY = "archive:"  # how `Conversation.sender_id` begins where only an archive knows the person


def own_sender_id(thread_id: str) -> str:
    """Return the key of the conversation of a thread that has its own: it can be no person's ID."""
    return f"{OWN_KEY}{thread_id}"


class ImportedThread(models.Model):
    """A thread of an archive. All its messages are in one conversation; others may be there, too."""

    class State(models.TextChoices):
        MATCHED = "matched", _("Matched")  # its conversation is that of a person whom Facebook shows
        SUGGESTED = "suggested", _("Suggested")  # it may be one; until somebody decides, it has its own
        OWN = "own", _("On its own")

    page = models.ForeignKey(Page, models.CASCADE, related_name="imported_threads", db_index=False)
    thread_id = models.TextField(help_text=_("Of the archive: never the ID of a person"))
    platform = models.TextField(choices=Platform, default=Platform.MESSENGER)
    customer_name = models.TextField(blank=True, default="")
    # Null only while an import creates the conversation, in one transaction.
    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="imported_threads", null=True)
    state = models.TextField(choices=State, default=State.OWN)
    message_count = models.BigIntegerField(default=0, help_text=_("Messages of the thread in archives"))
    first_at = models.DateTimeField(null=True, blank=True)
    last_at = models.DateTimeField(null=True, blank=True)
    has_gaps = models.BooleanField(
        default=False, help_text=_("Parts of the thread are missing in the archive")
    )
    # Of the messages that the last import brought: a thread that is the same again is not read again.
    digest = models.TextField(blank=True, default="", editable=False)
    created_at = models.DateTimeField(default=timezone.now)

    objects = querysets.NewestByIdQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["page", "thread_id"], name="importedthread_page_thread_id")
        ]
        indexes = [
            models.Index(
                fields=["page", "-id"],
                name="importedthread_suggested",
                condition=Q(state="suggested"),
            )
        ]

    def __str__(self):
        return self.customer_name or self.thread_id


class ImportSuggestion(models.Model):
    """A conversation to which an imported thread may belong, or does not belong: somebody has said so."""

    thread = models.ForeignKey(ImportedThread, models.CASCADE, related_name="suggestions")
    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="import_suggestions")
    proofs = models.IntegerField(default=0, help_text=_("Messages of the customer that both have"))
    texts = models.IntegerField(default=0, help_text=_("Texts of the archive in the time that both hold"))
    found = models.IntegerField(default=0, help_text=_("How many of these the conversation has"))
    created_at = models.DateTimeField(default=timezone.now)
    rejected_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["thread", "conversation"], name="importsuggestion_pair")
        ]

    def __str__(self):
        return f"{self.thread} may be {self.conversation}"


class ImportedMessage(models.Model):
    """Which event an imported message is: one that the import stored, or one that Facebook shows, too.

    The key is the same in each archive, so that a message is imported once, whatever becomes of its event.
    """

    pk = models.CompositePrimaryKey("thread_id", "key")
    thread = models.ForeignKey(ImportedThread, models.CASCADE, related_name="messages", db_index=False)
    key = models.UUIDField(help_text="ArchiveMessage.import_key")
    event_id = models.BigIntegerField()  # not a reference: events are deleted in many ways, also by SQL
    # A digest of second and text of the customer, with which a sync finds the threads of new messages.
    proof = models.BigIntegerField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["proof"], name="importedmessage_proof", condition=Q(proof__isnull=False))
        ]

    def __str__(self):
        return f"message of imported thread {self.thread_id}"


class ImportCheck(models.Model):
    """A conversation that got messages since the imported threads of its Page were compared with it."""

    conversation = models.OneToOneField(
        Conversation, models.CASCADE, primary_key=True, related_name="import_check"
    )

    def __str__(self):
        return f"check of conversation {self.pk}"
