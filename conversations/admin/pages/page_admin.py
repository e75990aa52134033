"""Admin of Pages: their state, their members, and their sync with its progress."""

from django.contrib import admin
from django.http import HttpResponseRedirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.admin import TabularInline
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextInputWidget

from conversations.admin.alert_admin import alert_list
from conversations.admin.base import PageScopedAdmin, record_roles
from conversations.admin.formatting import PAGE_STATE_LABELS, badge, live_part, short_time
from conversations.admin.pages import connect_views
from conversations.admin.pages.close_history import close_history
from conversations.admin.pages.member_page import link_to_member, member_page
from conversations.admin.runs.coverage_table import coverage_table
from conversations.admin.sync_panel import sync_panels
from conversations.alerts.shown import shown_alerts
from conversations.lib.notify import notify_changes
from conversations.models import Page, PageMember
from conversations.models.audit import Action, record
from conversations.permissions import MANAGER, page_ids, require_confirmation, require_role
from conversations.sync.coverage import take_coverage
from conversations.tasks import request_sync

STATE_COLORS = {Page.State.RECONNECT: "danger"}
LIVE_COLORS = {Page.LiveState.SILENT: "warning", Page.LiveState.LOST: "danger"}


class PageMemberInline(TabularInline):
    model = PageMember
    extra = 0
    autocomplete_fields = ["user"]
    verbose_name_plural = _("Members")
    readonly_fields = ["activity"]

    @display(description=_("Activity"))
    def activity(self, member):
        return link_to_member(member.page_id, member.user_id) if member.pk else ""

    def has_view_permission(self, request, obj=None) -> bool:
        """Managers see the members of their Pages; only superusers change roles."""
        managed = page_ids(request.user, MANAGER)
        return obj.pk in managed if obj else bool(managed)

    def has_change_permission(self, request, obj=None) -> bool:
        return request.user.is_superuser

    has_add_permission = has_delete_permission = has_change_permission


@admin.register(Page)
class PageAdmin(PageScopedAdmin):
    """Superusers rename Pages and change their members; `connect_views` adds Pages."""

    path_to_page = "pk"
    list_display = ["name_or_id", "facebook_id", "state_label", "live_badge", "last_sync"]
    search_fields = ["name", "facebook_page_id"]
    fields = ["name", "facebook_id", "connection", "alerts", "platform_names", "conversations", "unread"]
    fields += ["coverage", "last_sync", "live", "created"]
    readonly_fields = fields[1:]
    inlines = [PageMemberInline]
    list_before_template = "admin/conversations/page/connect_button.html"
    change_form_outer_before_template = "admin/conversations/page/sync.html"
    change_form_outer_after_template = "admin/conversations/page/erase_link.html"
    ordering = ["name", "pk"]

    def has_change_permission(self, request, obj=None) -> bool:
        return request.user.is_superuser

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        if db_field.name == "name":
            kwargs["widget"] = UnfoldAdminTextInputWidget
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    @display(description=_("Facebook ID"))
    def facebook_id(self, page):
        return page.facebook_page_id

    @display(description=_("Name"))
    def name_or_id(self, page):
        return str(page)

    @display(description=_("State"))
    def state_label(self, page):
        return badge(PAGE_STATE_LABELS[page.connection[0]], STATE_COLORS.get(page.connection[0]))

    def get_queryset(self, request):
        return super().get_queryset(request).with_role_of(request.user).with_open_alerts()

    @display(description=_("State"))
    def connection(self, page):
        state, reason = page.connection[0], page.reason_for(page.role)
        return f"{PAGE_STATE_LABELS[state]}: {reason}" if reason else PAGE_STATE_LABELS[state]

    @display(description=_("Alerts"))
    def alerts(self, page):
        return live_part("alerts", alert_list(shown_alerts(page, page.role)) or gettext("none"))

    @display(description=_("Last complete sync"), empty_value=_("never"))
    def last_sync(self, page):
        return short_time(page.last_synced_at)

    @display(description=_("Webhooks"))
    def live_badge(self, page):
        return badge(self.live_label(page), LIVE_COLORS.get(page.live_state))

    def live_label(self, page) -> str:
        return gettext("Live") if page.is_live else page.get_live_state_display()

    @display(description=_("Webhooks"))
    def live(self, page):
        state, reason = self.live_label(page), page.live_reason_for(page.role) or ""
        newest = short_time(page.last_delivery_at, seconds=True) or gettext("none has come yet")
        return live_part("live", format_html(gettext("{}, the newest: {}. {}"), state, newest, reason))

    @display(description=_("Platforms"))
    def platform_names(self, page):
        return ", ".join(str(platform).capitalize() for platform in page.platforms)

    @display(description=_("Conversations"))
    def conversations(self, page):
        url = reverse("admin:conversations_conversation_changelist", query={"page": page.pk})
        number = f"{page.conversations.count():,}"
        return live_part("conversations", format_html('<a href="{}" class="inbox-link">{}</a>', url, number))

    @display(description=_("Unread conversations"))
    def unread(self, page):
        return live_part("unread", f"{page.conversations.filter(unread_count__gt=0).count():,}")

    @display(description=_("Sync ledger"))
    def coverage(self, page):
        return live_part("coverage", coverage_table(page, take_coverage(page), timezone.now()))

    @display(description=_("First connected"))
    def created(self, page):
        return short_time(page.created_at)

    # -- changes, which the audit log records
    def save_model(self, request, obj, form, change):
        super().save_model(request, obj, form, change)
        notify_changes([obj.pk])
        if form.changed_data:
            record(Action.PAGE_CHANGED, request=request, target=obj, changed=form.changed_data)

    def save_formset(self, request, form, formset, change):
        super().save_formset(request, form, formset, change)
        record_roles(request, formset)

    # -- the sync
    def change_view(self, request, object_id, form_url="", extra_context=None):
        if request.method == "POST" and request.user.is_superuser:
            require_confirmation(request.session)  # the form gives and takes roles
        panel = sync_panels(request, [self.get_object(request, object_id)])[0]
        context = {"panel": panel, "may_close": panel.may_sync}  # both are for managers
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **context})

    def get_urls(self):
        sync = self.admin_site.admin_view(require_POST(self.sync))
        member = self.admin_site.admin_view(self.member)
        close = self.admin_site.admin_view(self.close_history)
        urls = [
            path("<int:pk>/sync/", sync, name="conversations_page_sync"),
            path("<int:pk>/members/<int:user_id>/", member, name="conversations_page_member"),
            path("<int:pk>/close-history/", close, name="conversations_page_close_history"),
            *connect_views.urls(self.admin_site),
        ]
        return [*urls, *super().get_urls()]

    def member(self, request, pk, user_id):
        """Show what a member did on the Page."""
        page = self.get_object(request, str(pk))
        require_role(request.user, [page.pk], MANAGER)
        return member_page(self, request, page, user_id)

    def close_history(self, request, pk):
        """Ask from which age on conversations are the past, and set them to done."""
        page = self.get_object(request, str(pk))
        require_role(request.user, [page.pk], MANAGER)
        return close_history(self, request, page)

    def sync(self, request, pk):
        """Request a sync or join the active one. `full` requests a full resync."""
        page = self.get_object(request, str(pk))
        require_role(request.user, [page.pk], MANAGER)
        request_sync(page, full="full" in request.POST, trigger="admin", asked_by=request.user)
        return HttpResponseRedirect(reverse("admin:conversations_page_change", args=[page.pk]))
