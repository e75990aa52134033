"""The dashboard, the first page of the admin: the numbers of today, charts, and each Page with its sync."""

from dataclasses import dataclass
from typing import Any

from django.db.models import BigIntegerField, OuterRef, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from conversations.admin import charts
from conversations.admin.alert_admin import alert_list
from conversations.admin.formatting import PAGE_STATE_LABELS, short_time
from conversations.admin.pages.member_page import workload_table
from conversations.admin.runs.coverage_table import coverage_table
from conversations.admin.sync_panel import SyncPanel, sync_panels
from conversations.alerts.shown import shown_alerts
from conversations.lib.durations import format_duration
from conversations.models import Page, SyncRun
from conversations.models.insight import MessageCount
from conversations.permissions import MANAGER, page_ids
from conversations.search.counts import Total, count_estimate
from conversations.search.criteria import SearchCriteria
from conversations.search.filters import parse_filter
from conversations.search.insight_queries import DAYS, Insight, insight
from conversations.search.planner import read_cardinalities

WEEKDAYS = [_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun")]
HOURS = [f"{hour:02}" for hour in range(24)]


@dataclass
class PageCard:
    """A Page with its numbers and its sync panel."""

    page: Any  # a Page annotated by with_numbers()
    panel: SyncPanel

    @property
    def alerts(self) -> SafeString:
        return alert_list(shown_alerts(self.page, self.page.role))

    @property
    def state_label(self) -> str:
        return str(PAGE_STATE_LABELS[self.page.connection[0]])

    @property
    def coverage(self) -> SafeString | None:
        return coverage_table(self.page, self.page.last_coverage, self.page.last_coverage_at)

    @property
    def counters(self) -> list[tuple[str, object]]:
        numbers = [
            (gettext("conversations"), self.page.conversation_count),
            (gettext("messages"), self.page.message_count),
            (gettext("unread"), self.page.unread_count),
        ]
        counters = [(label, charts.integer(number)) for label, number in numbers]
        return [
            *counters,
            (gettext("last complete sync"), short_time(self.page.last_synced_at) or gettext("never")),
        ]


def dashboard_context(request: HttpRequest) -> dict:
    """Return the context of `admin/dashboard.html`. `?page=` limits the numbers and charts to one Page."""
    cards = page_cards(request)
    pages = [card.page for card in cards]
    selected = [page for page in pages if str(page.pk) == request.GET.get("page")]
    shown = [page.pk for page in selected or pages]
    managed = sorted(set(shown) & set(page_ids(request.user, MANAGER)))
    data = insight(SearchCriteria(tuple(shown)))
    has_messages = any(page.message_count for page in selected or pages)
    return {
        "cards": cards,
        "selected_page": selected[0] if selected else None,
        "today": today(data, selected or pages, needs_reply(selected or pages)) if has_messages else [],
        "workload": workload_table(managed, linked=len(shown) == 1),
        "is_behind": not data.is_exact,
        "has_messages": has_messages,
        "charts": all_charts(data, selected[0] if selected else None) if has_messages else [],
    }


def page_cards(request: HttpRequest) -> list[PageCard]:
    """Return a card for each Page that the user sees, ordered by name."""
    pages = with_numbers(Page.objects.filter(pk__in=page_ids(request.user))).order_by("name", "pk")
    pages = list(pages.with_role_of(request.user).with_open_alerts())
    return [PageCard(page, panel) for page, panel in zip(pages, sync_panels(request, pages), strict=True)]


def with_numbers(pages):
    """Annotate the stored counts, and `last_coverage`: the report of the last sync that wrote one."""
    messages = MessageCount.objects.filter(page=OuterRef("pk")).values("messages")
    runs = SyncRun.objects.filter(page=OuterRef("pk")).exclude(ledger={}).order_by("-pk")
    return pages.with_counts().annotate(
        message_count=Coalesce(Subquery(messages), Value(0), output_field=BigIntegerField()),
        last_coverage=Subquery(runs.values("ledger")[:1]),
        last_coverage_at=Subquery(runs.values("ended_at")[:1]),
    )


def needs_reply(pages: list[Any]) -> Total:
    """Count by the filter of that name, which REST and the inbox page have, too."""
    criteria = parse_filter({"waiting": "true"}).criteria((page.pk for page in pages), user_id=None)
    return count_estimate(criteria, read_cardinalities(criteria))


def today(data: Insight, pages: list[Any], waiting: Total) -> list[tuple[str, str, str]]:
    """Return the numbers of today as (number, label, explanation)."""
    _, received, sent = data.today
    unread = sum(page.unread_count for page in pages)
    rows = [
        (received, gettext("received today"), gettext("Messages from customers")),
        (sent, gettext("sent today"), gettext("Messages from the Page")),
        (
            data.begun_today,
            gettext("new conversations"),
            gettext("Conversations whose first message came today"),
        ),
        (unread, gettext("unread"), gettext("Conversations with unread messages")),
        (
            data.waiting,
            gettext("waiting (%(days)s days)") % {"days": DAYS},
            gettext("Open conversations in which the customer wrote last, in the last %(days)s days")
            % {"days": DAYS},
        ),
        (
            data.unanswered,
            gettext("unanswered (%(days)s days)") % {"days": DAYS},
            gettext("The customer wrote last, but the first sync has stored them as done: nobody waits"),
        ),
    ]
    result = [(charts.integer(number), label, explanation) for number, label, explanation in rows]
    return [
        *result,
        (str(waiting), gettext("needs reply"), gettext("Open; the customer wrote last, over 24 hours ago")),
    ]


AD_COLOR = "#2563eb"


# -- charts ------------------------------------------------------------------------------------------------
def all_charts(data: Insight, page: Page | None) -> list[SafeString]:
    charts_of_all = [daily_chart(data), hours_chart(data), reply_chart(data), tags_chart(data, page)]
    return [*charts_of_all, ads_chart(data, page)] if data.ads else charts_of_all


def day_label(day) -> str:
    return date_format(day, "j M")


def daily_chart(data: Insight) -> SafeString:
    received = sum(received for _, received, _ in data.days)
    sent = sum(sent for _, _, sent in data.days)
    return charts.bars(
        [(day_label(day), above, below) for day, above, below in data.days],
        title=gettext("Messages per day, last %(days)s days") % {"days": DAYS},
        summary=gettext("%(received)s received, %(sent)s sent.")
        % {"received": charts.integer(received), "sent": charts.integer(sent)},
        up=gettext("received"),
        down=gettext("sent"),
        axis=gettext("Day"),
    )


def hours_chart(data: Insight) -> SafeString:
    busiest = max(
        (number, -day, -hour) for day, row in enumerate(data.hours) for hour, number in enumerate(row)
    )
    number, day, hour = busiest[0], -busiest[1], -busiest[2]
    result = (
        gettext("Busiest: %(day)s from %(hour)s:00.") % {"day": WEEKDAYS[day], "hour": HOURS[hour]}
        if number
        else gettext("No messages in this period.")
    )
    return charts.heat_map(
        list(zip(map(str, WEEKDAYS), data.hours, strict=True)),
        HOURS,
        title=gettext("Busiest hours"),
        summary=gettext("Messages received by weekday and hour, last %(days)s days. %(result)s")
        % {"days": DAYS, "result": result},
        unit=gettext("messages"),
    )


def reply_chart(data: Insight) -> SafeString:
    weeks = [(day_label(monday), seconds) for monday, seconds, _ in data.replies]
    known = [seconds for _, seconds in weeks if seconds is not None]
    result = (
        gettext("Last week with replies: %(duration)s.") % {"duration": format_duration(known[-1])}
        if known
        else gettext("No replies in this period.")
    )
    return charts.line(
        weeks,
        title=gettext("Median first reply time, per week"),
        summary=gettext("From a customer's first unanswered message to the Page's next message. %(result)s")
        % {"result": result},
        axis=gettext("Week from"),
        value=gettext("Median"),
        number_format=format_duration,
        extra_columns=[(gettext("Replies"), [charts.integer(number) for _, _, number in data.replies])],
    )


def list_url(page: Page | None, **query: object) -> str:
    of_page = {"page": page.pk} if page else {}
    return reverse("admin:conversations_conversation_changelist", query=query | of_page)


def ads_chart(data: Insight, page: Page | None) -> SafeString:
    return charts.named_bars(
        [(str(ad), AD_COLOR, ad.conversations, list_url(page, ad=ad.id)) for ad in data.ads],
        title=gettext("Ads"),
        summary=gettext("Conversations that each Facebook ad brought, all time."),
        empty="",
    )


def tags_chart(data: Insight, page: Page | None) -> SafeString:
    return charts.named_bars(
        [
            (tag["name"], tag["color"], number, list_url(page, include_tags=tag["id"]))
            for tag, number in data.tags
        ],
        title=gettext("Tags"),
        summary=gettext("Conversations with each tag, all time."),
        empty=gettext("No conversation has a tag yet."),
    )
