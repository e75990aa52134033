"""Saved views: named filters of the conversation list."""

from django.conf import settings
from django.db import models

from conversations.models import querysets
from conversations.models.pages import Page

MAX_VIEWS = 100  # of one user
TOO_MANY = f"You have {MAX_VIEWS} saved views. Delete one first."
MAY_NOT_SHARE = "Only members share with a Page, and only superusers share with everyone."


class SavedView(models.Model):
    """A named filter of the list: its owner's, or shared with everyone who may see its Page."""

    name = models.CharField(max_length=100)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="saved_views")
    page = models.ForeignKey(Page, models.CASCADE, related_name="saved_views", null=True, blank=True)
    is_shared = models.BooleanField(
        default=False, help_text="With the members of the Page; without a Page, with everyone"
    )
    query = models.JSONField(default=dict, blank=True)  # the list's parameters, without the Page

    objects = querysets.SavedViewQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "name"],
                name="savedview_owner_name",
                violation_error_message="You already have a view with this name.",
            )
        ]

    def __str__(self):
        return self.name

    @property
    def has_sharing_owner(self) -> bool:
        """Whether the owner may share: members with the others of the Page, superusers with everyone."""
        if self.owner.is_superuser:
            return True
        return self.page is not None and self.page.members.filter(user=self.owner).exists()
