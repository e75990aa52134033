"""The start page: what happened today, how each Page is, and pictures of the last days."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import BigIntegerField, OuterRef, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.safestring import SafeString

from conversations.admin import charts
from conversations.admin.access import page_ids, short_time
from conversations.admin.ledgers import ledger_shown
from conversations.admin.pages import SyncPanel, panels
from conversations.models import Page, SyncRun
from conversations.reading.insight import DAYS, Insight, insight
from conversations.reading.insight_tables import MessageCount
from conversations.reading.selection import Selection

WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
HOURS = [f"{hour:02}" for hour in range(24)]


@dataclass
class PageCard:
    """A Page with its numbers and its sync."""

    page: Any  # a Page with_numbers()
    panel: SyncPanel

    @property
    def ledger(self) -> SafeString | None:
        return ledger_shown(self.page, self.page.last_ledger)

    @property
    def counters(self) -> list[tuple[str, object]]:
        numbers = {
            "conversations": self.page.conversation_count,
            "messages": self.page.message_count,
            "unread": self.page.unread_count,
        }
        shown = [(words, charts.whole(number)) for words, number in numbers.items()]
        return [*shown, ("last complete sync", short_time(self.page.last_synced_at) or "never")]


def start_page(request: HttpRequest) -> dict:
    """What the template shows; `?page=` draws the pictures of one Page alone."""
    cards = cards_seen(request)
    seen = [card.page for card in cards]
    wanted = [page for page in seen if str(page.pk) == request.GET.get("page")]
    found = insight(Selection(tuple(page.pk for page in wanted or seen)))
    has_messages = any(page.message_count for page in wanted or seen)
    return {
        "cards": cards,
        "drawn_page": wanted[0] if wanted else None,
        "today": today(found, wanted or seen) if has_messages else [],
        "is_behind": not found.is_exact,
        "has_messages": has_messages,
        "pictures": pictures(found, wanted[0] if wanted else None) if has_messages else [],
    }


def cards_seen(request: HttpRequest) -> list[PageCard]:
    """Of each Page that the user sees, by name."""
    pages = list(with_numbers(Page.objects.filter(pk__in=page_ids(request))).order_by("name", "pk"))
    return [PageCard(page, panel) for page, panel in zip(pages, panels(request, pages), strict=True)]


def with_numbers(pages):
    """Adds what is kept of each, and `last_ledger`: the account at the end of the last sync that took one."""
    messages = MessageCount.objects.filter(page=OuterRef("pk")).values("messages")
    runs = SyncRun.objects.filter(page=OuterRef("pk")).exclude(ledger={}).order_by("-pk")
    return pages.with_counts().annotate(
        message_count=Coalesce(Subquery(messages), Value(0), output_field=BigIntegerField()),
        last_ledger=Subquery(runs.values("ledger")[:1]),
    )


def today(found: Insight, pages: list[Any]) -> list[tuple[str, str, str]]:
    """(number, what it counts, said on hover)."""
    _, received, sent = found.today
    unread = sum(page.unread_count for page in pages)
    said = [
        (received, "received today", "Messages of customers"),
        (sent, "sent today", "Messages of the Page"),
        (found.begun_today, "new conversations", "Their first message came today"),
        (unread, "unread", "Conversations with something unread"),
        (
            found.waiting,
            f"waiting for a reply ({DAYS} days)",
            f"Conversations in which the customer wrote last, in the last {DAYS} days, not set to done",
        ),
    ]
    return [(charts.whole(number), words, more) for number, words, more in said]


# -- pictures ----------------------------------------------------------------------------------------------
def pictures(found: Insight, page: Page | None) -> list[SafeString]:
    return [days_drawn(found), hours_drawn(found), replies_drawn(found), tags_drawn(found, page)]


def day_shown(day) -> str:
    return date_format(day, "j M")


def days_drawn(found: Insight) -> SafeString:
    received = sum(received for _, received, _ in found.days)
    sent = sum(sent for _, _, sent in found.days)
    return charts.bars(
        [(day_shown(day), above, below) for day, above, below in found.days],
        title=f"Messages per day, the last {DAYS} days",
        summary=f"{charts.whole(received)} received, {charts.whole(sent)} sent.",
        up="received",
        down="sent",
        axis="Day",
    )


def hours_drawn(found: Insight) -> SafeString:
    busiest = max(
        (number, -day, -hour) for day, row in enumerate(found.hours) for hour, number in enumerate(row)
    )
    number, day, hour = busiest[0], -busiest[1], -busiest[2]
    words = f"Most on {WEEKDAYS[day]} from {HOURS[hour]}:00." if number else "None received in these days."
    return charts.heat_map(
        list(zip(WEEKDAYS, found.hours, strict=True)),
        HOURS,
        title="Busiest hours",
        summary=f"Messages received by weekday and hour, the last {DAYS} days. {words}",
        unit="messages",
    )


def replies_drawn(found: Insight) -> SafeString:
    weeks = [(day_shown(monday), seconds) for monday, seconds, _ in found.replies]
    known = [seconds for _, seconds in weeks if seconds is not None]
    last = (
        f"In the last week with any: {in_words(known[-1])}."
        if known
        else "Nobody was replied to in these days."
    )
    return charts.line(
        weeks,
        title="Median time to first reply, per week",
        summary=f"From a customer's first unanswered message to the Page's next one. {last}",
        axis="Week from",
        value="Median",
        form=in_words,
        notes=[("Replies", [charts.whole(number) for _, _, number in found.replies])],
    )


def in_words(seconds: float) -> str:
    """About how long: two units at most."""
    rest = timedelta(seconds=int(seconds))
    hours, minutes = rest.seconds // 3600, rest.seconds % 3600 // 60
    if rest.days:
        return f"{rest.days} d {hours} h" if hours else f"{rest.days} d"
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{minutes} min" if minutes else f"{rest.seconds} s"


def tags_drawn(found: Insight, page: Page | None) -> SafeString:
    def address(tag: dict) -> str:
        query = {"include_tags": tag["id"]} | ({"page": page.pk} if page else {})
        return reverse("admin:conversations_conversation_changelist", query=query)

    return charts.named_bars(
        [(tag["name"], tag["color"], number, address(tag)) for tag, number in found.tags],
        title="Tags",
        summary="Conversations that have them, of all times.",
        empty="No conversation has a tag yet.",
    )
