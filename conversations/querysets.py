"""Every question we ask the tables, by name."""

from django.apps import apps
from django.db.models import BigIntegerField, Exists, F, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from conversations.text import fold

UNREAD = 4  # the highest bit of Conversation.facets
ROLES = ["viewer", "tagger", "manager"]  # each may do what those before it may


def _tag_rows():
    return apps.get_model("conversations", "ConversationTag").objects.all()


def _rows_of_each():
    return _tag_rows().filter(conversation_id=OuterRef("pk"))


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
        unread = number.filter(facets__gte=UNREAD)
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
    """Filters for lists of conversations. Pages and tags are given as ids, resolved before the question."""

    def for_pages(self, page_ids):
        return self.filter(page_id__in=page_ids)

    def newest_first(self):
        """By time of the last message, ties by the higher id, those without a time last."""
        return self.order_by(F("last_message_time").desc(nulls_last=True), "-id")

    def tagged_with_any(self, tag_ids):
        return self.filter(Exists(_rows_of_each().filter(tag_id__in=tag_ids)))

    def tagged_with_all(self, tag_ids):
        found = self
        for tag_id in tag_ids:
            found = found.filter(Exists(_rows_of_each().filter(tag_id=tag_id)))
        return found

    def without_tags(self, tag_ids):
        return self.filter(~Exists(_rows_of_each().filter(tag_id__in=tag_ids)))

    def untagged(self):
        return self.filter(~Exists(_rows_of_each()))

    def tagged(self):
        return self.filter(Exists(_rows_of_each()))

    def unread(self):
        return self.filter(unread_count__gt=0)

    def read(self):
        return self.filter(unread_count=0)

    def with_status(self, status: str):
        return self.filter(conversation_status=status)

    def on_platform(self, platform: str):
        return self.filter(platform=platform)

    def search(self, term: str):
        """A part of the sender's name or of the last message, whatever its case and accents."""
        folded = fold(term)
        # A lone accent folds to nothing, which would be found everywhere.
        return self.filter(search__contains=folded) if folded else self.none()

    def since(self, moment):
        return self.filter(last_message_time__gte=moment)

    def until(self, moment):
        """Up to and including this moment."""
        return self.filter(last_message_time__lte=moment)


class ConversationTagQuerySet(OfPageQuerySet):
    def counts_seen_by(self, user) -> dict[int, int]:
        """How many conversations each tag is on, on the Pages that this user may see, as kept."""
        kept = apps.get_model("conversations", "TagCount").objects.filter(tag__isnull=False)
        pages = apps.get_model("conversations", "Page").objects.visible_to(user)
        if not user.is_superuser:
            kept = kept.filter(page__in=pages)
        counts = kept.order_by().values_list("tag").annotate(number=Sum("conversations"))
        return {tag_id: number for tag_id, number in counts if number}


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

    def active(self):
        """Queued or in work: only the end of a run has a time."""
        return self.filter(ended_at__isnull=True)
