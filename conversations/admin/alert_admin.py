"""Alerts: the open ones of a Page in words, and the list of all, which nobody changes."""

from collections.abc import Iterable

from django.contrib import admin
from django.db.models import Count, Q
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from conversations.admin.activity_admin import PageRecordAdmin, VisiblePageFilter
from conversations.admin.formatting import badge, short_time
from conversations.alerts.shown import ShownAlert
from conversations.models import Alert


def alert_list(alerts: Iterable[ShownAlert]) -> SafeString:
    """Return the alerts as a list, each with what ends it, or whom to ask; empty if there is none."""
    items = [(alert.sentence, _what_to_do(alert), _since(alert)) for alert in alerts]
    if not items:
        return SafeString()
    rows = format_html_join("", '<li class="inbox-error">{} {} {}</li>', items)
    return format_html('<ul class="inbox-alerts">{}</ul>', rows)


def _since(alert: ShownAlert) -> SafeString:
    return format_html(gettext("(since {})"), short_time(alert.since))


def _what_to_do(alert: ShownAlert) -> str:
    if alert.may_mend:
        return str(alert.advice)
    if not alert.ask:
        return gettext("Ask a superuser.")
    return gettext("Ask %(people)s.") % {"people": ", ".join(alert.ask)}


@admin.register(Alert)
class AlertAdmin(PageRecordAdmin):
    """Problems of Pages, open ones and those of the last 90 days."""

    list_display = ["opened", "page", "cause_label", "sentence", "closed", "told"]
    list_filter = [VisiblePageFilter, ("cause", ChoicesDropdownFilter)]
    list_select_related = ["page"]
    fields = ["page", "cause", "sentence", "opened_at", "closed_at"]
    ordering = ["-id"]

    def get_queryset(self, request):
        sent = Count("notices", filter=Q(notices__phase="opened", notices__sent_at__isnull=False))
        due = Count("notices", filter=Q(notices__phase="opened", notices__next_at__isnull=False))
        return super().get_queryset(request).annotate(sent=sent, due=due)

    @display(description=_("Noticed"))
    def opened(self, alert):
        return short_time(alert.opened_at)

    @display(description=_("What"))
    def cause_label(self, alert):
        return alert.get_cause_display()

    @display(description=_("Over"))
    def closed(self, alert):
        return short_time(alert.closed_at) or badge(gettext("Open"), "danger")

    @display(description=_("Told"))
    def told(self, alert):
        numbers = {"sent": alert.sent, "due": alert.due}
        return gettext("%(sent)s, %(due)s waiting") % numbers if alert.due else str(alert.sent)
