"""Saved replies: texts that staff often send, of one Page or for all of them."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from conversations.lib.folding import fold
from conversations.lib.labels import MAX_NAME, NameKeyField, SortKeyField
from conversations.lib.notify import notify_all_pages, notify_changes
from conversations.models import querysets
from conversations.models.pages import Page

MAX_REPLIES = 300  # of one Page, and for all Pages
MAX_SHORTCUT = 30
MAX_TEXT = 2000  # as Messenger's messages
NAME_TAKEN = _("There is a saved reply with this name already.")
SHORTCUT_TAKEN = _("Another saved reply has this shortcut.")
TOO_MANY = _("There are %(number)s saved replies already. Delete one first.")


class SavedReply(models.Model):
    """A text with variables, which `actions.reply_texts` fills in."""

    name = models.CharField(max_length=MAX_NAME)
    shortcut = models.CharField(
        max_length=MAX_SHORTCUT,
        blank=True,
        default="",
        help_text=_("Typed after a slash, such as hello in /hello; may be empty"),
    )
    text = models.TextField(help_text=_("With variables such as {first_name} or {first_name|friend}"))
    page = models.ForeignKey(Page, models.CASCADE, related_name="saved_replies", null=True, blank=True)
    maker = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        related_name="saved_replies",
        null=True,
        blank=True,
        editable=False,
    )
    uses = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    search = models.TextField(editable=False, default="")  # name, shortcut and text, folded

    name_key = NameKeyField()
    sort_key = SortKeyField()

    objects = querysets.SavedReplyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "saved replies"
        constraints = [
            models.UniqueConstraint(
                fields=["page", "name_key"],
                name="savedreply_page_name",
                nulls_distinct=False,
                violation_error_message=NAME_TAKEN,
            ),
            models.UniqueConstraint(
                fields=["page", "shortcut"],
                name="savedreply_page_shortcut",
                condition=~Q(shortcut=""),
                nulls_distinct=False,
                violation_error_message=SHORTCUT_TAKEN,
            ),
        ]

    def __str__(self):
        return self.name

    def save(self, *args, **kwargs):
        self.search = fold(f"{self.name} {self.shortcut} {self.text}")
        super().save(*args, **kwargs)


def count_beside(reply: SavedReply) -> int:
    """Return how many others its Page has; of one for all Pages, how many others are for all."""
    return SavedReply.objects.filter(page=reply.page_id).exclude(pk=reply.pk).count()


def notify_of_reply(*replies: SavedReply) -> None:
    """Notify all processes that this reply changed. Call it with the reply before and after the change."""
    pages = {reply.page_id for reply in replies}
    if None in pages:
        notify_all_pages()
    else:
        notify_changes(page_id for page_id in pages if page_id)
