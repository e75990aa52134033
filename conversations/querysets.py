"""Every question we ask the tables, by name."""

from django.apps import apps
from django.db.models import BigIntegerField, F, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

UNREAD = [value for value in range(16) if value & 4]  # of Conversation.facets
ROLES = ["viewer", "tagger", "manager"]  # each may do what those before it may


def _enough(role: str) -> list[str]:
    return ROLES[ROLES.index(role) :]


class OfPageQuerySet(QuerySet):
    """Rows that belong to a Page."""

    path_to_page = "page"

    def visible_to(self, user, *, at_least: str = "viewer"):
        """Of the Pages on which this user has at least this role; superusers have every role everywhere."""
        if user.is_superuser:
            return self
        member = f"{self.path_to_page}__members"
        return self.filter(**{f"{member}__user": user, f"{member}__role__in": _enough(at_least)})


class PageQuerySet(QuerySet):
    def visible_to(self, user, *, at_least: str = "viewer"):
        """The Pages on which this user has at least this role; superusers have every role everywhere."""
        if user.is_superuser:
            return self
        return self.filter(members__user=user, members__role__in=_enough(at_least))

    def with_counts(self):
        """Adds conversation_count and unread_count (conversations with something unread), as kept."""
        kept = apps.get_model("conversations", "PageCount").objects.filter(page=OuterRef("pk"))
        number = kept.order_by().values("page").annotate(number=Sum("conversations")).values("number")
        unread = number.filter(facets__in=UNREAD)
        return self.annotate(
            conversation_count=Coalesce(Subquery(number), Value(0), output_field=BigIntegerField()),
            unread_count=Coalesce(Subquery(unread), Value(0), output_field=BigIntegerField()),
        )

    def with_role_of(self, user):
        """Adds `role`: what this user may do there."""
        if user.is_superuser:
            return self.annotate(role=Value("superuser"))
        rows = apps.get_model("conversations", "PageMember").objects.filter(page=OuterRef("pk"), user=user)
        return self.annotate(role=Subquery(rows.values("role")))


class ConversationQuerySet(OfPageQuerySet):
    """What a list is filtered by is asked in reading/: here is what else is asked of conversations."""

    def for_pages(self, page_ids):
        return self.filter(page_id__in=page_ids)

    def newest_first(self):
        """By time of the last message, ties by the higher id, those without a time last."""
        return self.order_by(F("last_message_time").desc(nulls_last=True), "-id")


class ConversationTagQuerySet(OfPageQuerySet):
    def counts_seen_by(self, user) -> dict[int, int]:
        """How many conversations each tag is on, on the Pages that this user may see, as kept."""
        kept = apps.get_model("conversations", "TagCount").objects.filter(tag__isnull=False)
        pages = apps.get_model("conversations", "Page").objects.visible_to(user)
        if not user.is_superuser:
            kept = kept.filter(page__in=pages)
        counts = kept.order_by().values_list("tag").annotate(number=Sum("conversations"))
        return {tag_id: number for tag_id, number in counts if number}


class SavedViewQuerySet(QuerySet):
    def seen_by(self, user):
        """One's own, and those shared with whoever sees their Page. Of a Page that one does not see, none."""
        pages = apps.get_model("conversations", "Page").objects.visible_to(user)
        seen = self.filter(Q(page__isnull=True) | Q(page__in=pages))
        return seen.filter(Q(owner=user) | Q(is_shared=True)).order_by("name", "pk")


class EventQuerySet(OfPageQuerySet):
    path_to_page = "conversation__page"

    def newest_first(self):
        return self.order_by("-occurred_at", "-id")

    def after_cursor(self, occurred_at, event_id: int):
        """What follows this event in the newest-first order."""
        # The first condition is implied by the second and lets the index be entered at the right place.
        return self.filter(occurred_at__lte=occurred_at).filter(
            Q(occurred_at__lt=occurred_at) | Q(id__lt=event_id)
        )


class RunQuerySet(OfPageQuerySet):
    def newest_first(self):
        return self.order_by("-id")

    def briefly(self):
        """Without what a run's own page alone shows: some kilobytes of each."""
        return self.defer("samples", "waits", "resume")

    def active(self):
        """Queued or in work: only the end of a run has a time."""
        return self.filter(ended_at__isnull=True)
