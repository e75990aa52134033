"""Read-only admin of what Facebook has delivered. Bodies are not shown: they have messages of customers."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from conversations.admin.activity_admin import PageRecordAdmin, VisiblePageFilter
from conversations.admin.formatting import badge, short_time
from conversations.models import WebhookDelivery

STATE_COLORS = {
    WebhookDelivery.State.PARTIAL: "warning",
    WebhookDelivery.State.FAILED: "danger",
    WebhookDelivery.State.IGNORED: "info",
}


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(PageRecordAdmin):
    """One row for each delivery. Those without a connected Page are for superusers only."""

    list_display = ["received", "page", "state_label", "items", "failed_items", "error_text"]
    list_filter = [VisiblePageFilter, ("state", ChoicesDropdownFilter)]
    list_select_related = ["page"]
    exclude = ["body", "people"]
    ordering = ["-id"]

    def get_queryset(self, request):
        visible = WebhookDelivery.objects.visible_to(request.user).defer("body", "people")
        return visible.defer("page__access_token").order_by(*self.ordering)

    @display(description=_("Received"))
    def received(self, delivery):
        return short_time(delivery.received_at, seconds=True)

    @display(description=_("State"))
    def state_label(self, delivery):
        return badge(delivery.get_state_display(), STATE_COLORS.get(delivery.state))

    @display(description=_("Notes"))
    def error_text(self, delivery):
        return delivery.error
