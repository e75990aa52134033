"""Further IDs of people, and the conversations that were removed when such IDs were found."""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from conversations.models import querysets
from conversations.models.conversations import Conversation
from conversations.models.pages import Page


class ConversationAlias(models.Model):
    """A further ID under which Facebook shows the person of a conversation.

    An ID of a Page is either a `Conversation.sender_id` or here, never both: `locks.lock_rows()` is held
    while this is decided.
    """

    page = models.ForeignKey(Page, models.CASCADE, related_name="aliases", db_index=False)
    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="aliases")
    sender_id = models.TextField()
    created_at = models.DateTimeField(default=timezone.now)

    objects = querysets.PageScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["page", "sender_id"], name="conversationalias_page_sender_id")
        ]

    def __str__(self):
        return gettext("%(id)s is %(conversation)s") % {
            "id": self.sender_id,
            "conversation": self.conversation,
        }


class RemovedConversation(models.Model):
    """What is needed to restore a conversation that a sync removed.

    Joined: it was of the same person as `conversation`, which has its messages, tags and history now.
    Separated: it mixed several people, because the business was taken for the customer. Only the tags and
    the history that belong to nobody in particular are left of it, in `details`.
    Imported: only an archive knew its person, who then proved to be that of `conversation`.
    """

    class Kind(models.TextChoices):
        JOINED = "joined", _("Joined")
        SEPARATED = "separated", _("Separated")
        IMPORTED = "imported", _("Imported")

    page = models.ForeignKey(Page, models.CASCADE, related_name="removed_conversations")
    # Null for separated ones. Deleting the person deletes this record, too.
    conversation = models.ForeignKey(
        Conversation, models.CASCADE, related_name="removed_conversations", null=True, blank=True
    )
    kind = models.TextField(choices=Kind)
    removed_id = models.BigIntegerField(help_text=_("Primary key of the removed row"))
    sender_id = models.TextField()
    details = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    created_at = models.DateTimeField(default=timezone.now)
    undone_at = models.DateTimeField(null=True, blank=True)  # then the two IDs are never joined again

    objects = querysets.PageScopedQuerySet.as_manager()

    def __str__(self):
        return f"{self.kind}: {self.sender_id}"
