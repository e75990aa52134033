"""The querysets of the models: the common queries, each with a name."""

from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import (
    BigIntegerField,
    Case,
    Exists,
    F,
    Func,
    JSONField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    UUIDField,
    Value,
    When,
)
from django.db.models.functions import MD5, Cast, Coalesce

from conversations.models.facets import Facet, facet_values
from conversations.models.roles import SUPERUSER, Role

ALERT = {"cause": "cause", "sentence": "sentence", "since": "opened_at"}  # what is shown, with the fields
UNREAD = [value for value in facet_values() if value & Facet.UNREAD]


class PageScopedQuerySet(QuerySet):
    """Rows that belong to a Page."""

    path_to_page = "page"

    def visible_to(self, user):
        """Return rows of Pages on which the user has a role."""
        if user.is_superuser:
            return self
        return self.filter(**{f"{self.path_to_page}__members__user": user})


class PageQuerySet(QuerySet):
    def visible_to(self, user):
        """Return Pages on which the user has a role."""
        return self if user.is_superuser else self.filter(members__user=user)

    def to_probe(self, now):
        """Return Pages about which Facebook is to be asked again by now."""
        return self.filter(Q(probe_at__lte=now) | Q(state="reconnect", probe_at=None))

    def with_counts(self):
        """Add conversation_count and unread_count (conversations with unread messages) from PageCount."""
        counts = apps.get_model("conversations", "PageCount").objects.filter(page=OuterRef("pk"))
        number = counts.order_by().values("page").annotate(number=Sum("conversations")).values("number")
        unread = number.filter(facets__in=UNREAD)
        return self.annotate(
            conversation_count=Coalesce(Subquery(number), Value(0), output_field=BigIntegerField()),
            unread_count=Coalesce(Subquery(unread), Value(0), output_field=BigIntegerField()),
        )

    def with_open_alerts(self):
        """Add `open_alerts`, oldest first, and up to three names of who may act (see `alerts.shown`)."""
        alerts = apps.get_model("conversations", "Alert").objects.filter(page=OuterRef("pk"), closed_at=None)
        parts = (part for name, field in ALERT.items() for part in (Value(name), F(field)))
        content = Func(*parts, function="jsonb_build_object", output_field=JSONField())
        users = get_user_model().objects.filter(is_active=True).order_by("pk")
        managers = users.filter(page_memberships__page=OuterRef("pk"), page_memberships__role=Role.MANAGER)
        return self.annotate(
            open_alerts=ArraySubquery(alerts.order_by("pk").values(content=content)),
            superuser_names=ArraySubquery(users.filter(is_superuser=True).values("username")[:3]),
            manager_names=ArraySubquery(managers.values("username")[:3]),
        )

    def with_role_of(self, user):
        """Add `role`, that of the user on the Page."""
        if user.is_superuser:
            return self.annotate(role=Value(SUPERUSER))
        rows = apps.get_model("conversations", "PageMember").objects.filter(page=OuterRef("pk"), user=user)
        return self.annotate(role=Subquery(rows.values("role")))


class ConversationQuerySet(PageScopedQuerySet):
    """Queries beside those of the list, which `search` builds."""

    def for_pages(self, page_ids):
        return self.filter(page_id__in=page_ids)

    def newest_first(self):
        """Order by the time of the last message, then by the higher ID. Rows without a time come last."""
        return self.order_by(F("last_message_time").desc(nulls_last=True), "-id")


class ConversationTagQuerySet(PageScopedQuerySet):
    def counts_visible_to(self, user) -> dict[int, int]:
        """Return by tag the number of conversations on Pages that the user may see, from TagCount."""
        counts = apps.get_model("conversations", "TagCount").objects.filter(tag__isnull=False)
        pages = apps.get_model("conversations", "Page").objects.visible_to(user)
        if not user.is_superuser:
            counts = counts.filter(page__in=pages)
        sums = counts.order_by().values_list("tag").annotate(number=Sum("conversations"))
        return {tag_id: number for tag_id, number in sums if number}


class SavedViewQuerySet(QuerySet):
    def visible_to(self, user):
        """Return the user's own views and shared ones, except those of Pages that the user may not see.

        The own ones come first. Each owner's are in the order that the owner gave them, or by name.
        """
        pages = apps.get_model("conversations", "Page").objects.visible_to(user)
        members = apps.get_model("conversations", "PageMember").objects
        is_member = Exists(members.filter(page=OuterRef("page"), user=OuterRef("owner")))
        is_shared = Q(is_shared=True) & (Q(owner__is_superuser=True) | is_member)
        visible = self.filter(Q(page__isnull=True) | Q(page__in=pages))
        is_own = Case(When(owner=user, then=0), default=1)
        return visible.filter(Q(owner=user) | is_shared).order_by(is_own, "position", "sort_key", "pk")


class EventQuerySet(PageScopedQuerySet):
    path_to_page = "conversation__page"

    def newest_first(self):
        return self.order_by("-occurred_at", "-rank", "-id")

    def with_headers(self):
        """Read the headers of the messages along, for `full_data`."""
        headers = apps.get_model("conversations", "MessageHeader").objects
        own = headers.filter(conversation=OuterRef("conversation"), key=OuterRef("header"))
        return self.annotate(header_data=Subquery(own.values("data")))

    def oldest_first(self):
        return self.order_by("occurred_at", "rank", "id")

    def before_cursor(self, occurred_at, event_id: int):
        """Return the events that stand before this one in the newest-first order."""
        rank = _rank_of(event_id)
        is_newer = Q(occurred_at__gt=occurred_at) | Q(rank__gt=rank) | Q(rank=rank, id__gt=event_id)
        return self.filter(occurred_at__gte=occurred_at).filter(is_newer)

    def after_cursor(self, occurred_at, event_id: int):
        """Return the events that follow this one in the newest-first order."""
        rank = _rank_of(event_id)
        is_older = Q(occurred_at__lt=occurred_at) | Q(rank__lt=rank) | Q(rank=rank, id__lt=event_id)
        # The second condition implies the first, which lets the index scan start at the right row.
        return self.filter(occurred_at__lte=occurred_at).filter(is_older)


def _rank_of(event_id: int) -> Coalesce:
    """The rank of an event now: it may have changed since a cursor was made."""
    events = apps.get_model("conversations", "InteractionEvent").objects.filter(pk=event_id)
    return Coalesce(Subquery(events.order_by().values("rank")), Value(0))


class OutgoingQuerySet(PageScopedQuerySet):
    path_to_page = "conversation__page"

    def newest_first(self):
        return self.order_by("-id")

    def with_events(self):
        """Add event_id: that of Facebook's message, as soon as it is stored."""
        events = apps.get_model("conversations", "InteractionEvent").objects
        own = events.filter(conversation=OuterRef("conversation")).exclude(graph_id=None)
        digest = Cast(MD5("graph_id"), UUIDField())
        same = own.annotate(digest=digest).filter(
            digest=Cast(MD5(OuterRef("graph_id")), UUIDField()), graph_id=OuterRef("graph_id")
        )
        return self.annotate(event_id=Subquery(same.values("pk")[:1]))


class NewestByIdQuerySet(PageScopedQuerySet):
    def newest_first(self):
        return self.order_by("-id")

    def after_cursor(self, row_id: int):
        """Return the rows that follow this one in the newest-first order."""
        return self.filter(id__lt=row_id)


class SavedReplyQuerySet(NewestByIdQuerySet):
    def usable_on(self, page_ids):
        """Return those of these Pages and those for all Pages; without a Page there are none."""
        return self.filter(Q(page__in=page_ids) | Q(page=None)) if page_ids else self.none()


class RunQuerySet(NewestByIdQuerySet):
    def without_details(self):
        """Defer the columns that only the page of a run shows: some kilobytes in each row."""
        return self.defer("samples", "waits", "checkpoint")

    def active(self):
        """Return runs that are queued or in progress: only ended ones have `ended_at`."""
        return self.filter(ended_at__isnull=True)
