"""Read-only admin of what Facebook has delivered. Bodies are not shown: they have messages of customers."""

from django.contrib import admin
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from conversations.admin.activity_admin import PageRecordAdmin, VisiblePageFilter
from conversations.admin.formatting import badge, short_time
from conversations.models import WebhookDelivery

STATE_COLORS = {"Partial": "warning", "Failed": "danger", "Ignored": "info"}


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

    @display(description="Received")
    def received(self, delivery):
        return short_time(delivery.received_at, seconds=True)

    @display(description="State")
    def state_label(self, delivery):
        return badge(delivery.get_state_display(), STATE_COLORS)

    @display(description="Notes")
    def error_text(self, delivery):
        return delivery.error
