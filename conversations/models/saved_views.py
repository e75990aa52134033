"""Saved views: named filters of the conversation list."""

from django.conf import settings
from django.db import models, transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from conversations.lib.labels import MAX_NAME, NameKeyField, SortKeyField
from conversations.lib.notify import notify_all_pages, notify_changes
from conversations.models import querysets
from conversations.models.pages import Page

MAX_VIEWS = 100  # of one user
NAME_TAKEN = _("You already have a view with this name.")
TOO_MANY = _("You have %(number)s saved views. Delete one first.")
MAY_NOT_SHARE = _("Only members share with a Page, and only superusers share with everyone.")


class SavedView(models.Model):
    """A named filter of the list: its owner's, or shared with everyone who may see its Page."""

    name = models.CharField(max_length=MAX_NAME)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="saved_views")
    page = models.ForeignKey(Page, models.CASCADE, related_name="saved_views", null=True, blank=True)
    is_shared = models.BooleanField(
        default=False, help_text=_("With the members of the Page; without a Page, with everyone")
    )
    query = models.JSONField(default=dict, blank=True)  # the list's parameters, without the Page

    position = models.IntegerField(
        default=0, db_default=0, editable=False, help_text=_("Among the owner's views, from 1; 0: by name")
    )

    name_key = NameKeyField()
    sort_key = SortKeyField()

    objects = querysets.SavedViewQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "name_key"],
                name="savedview_owner_name_key",
                violation_error_message=NAME_TAKEN,
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


def last_position(owner) -> int:
    """Return the position of a new view: the last one, unless the owner's views are ordered by name."""
    highest = owner.saved_views.aggregate(highest=Max("position"))["highest"]
    return highest + 1 if highest else 0


def put_in_order(views: list[SavedView]) -> None:
    """Store this order of views of one owner. Views that it does not have follow, unchanged."""
    owner = views[0].owner
    with transaction.atomic():
        own = list(owner.saved_views.select_for_update().order_by("position", "sort_key", "pk"))
        named = {view.pk: place for place, view in enumerate(views)}
        ordered = sorted(own, key=lambda view: named.get(view.pk, len(own)))
        for place, view in enumerate(ordered, start=1):
            view.position = place
        SavedView.objects.bulk_update(ordered, ["position"])
        notify_of_view(*ordered)


def notify_of_view(*views: SavedView) -> None:
    """Notify all processes that this view changed. Call it with the view before and after the change."""
    page_ids = {view.page_id for view in views}
    if None in page_ids:
        notify_all_pages()
    else:
        notify_changes(page_id for page_id in page_ids if page_id)
