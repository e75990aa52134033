"""The admin site: it uses our login page, our sidebar menu and our dashboard."""

from functools import partial, wraps

from csp.constants import UNSAFE_EVAL, UNSAFE_INLINE
from csp.decorators import csp_update
from django.contrib.admin import site
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.sites import UnfoldAdminSite

from inbox.site.model_names import translate_names

GROUPS = {"inbox": _("Inbox"), "pages": _("Pages"), "people": _("People"), "system": _("System")}
MENU = {
    "inbox": {
        "conversations_conversation": (_("Conversations"), "forum"),
        "conversations_savedview": (_("Saved views"), "bookmark"),
        "conversations_savedreply": (_("Saved replies"), "quickreply"),
        "tags_tag": (_("Tags"), "label"),
        "conversations_export": (_("Exports"), "download"),
    },
    "pages": {
        "conversations_page": (_("Pages"), "storefront"),
        "conversations_syncrun": (_("Sync runs"), "sync"),
        "conversations_alert": (_("Alerts"), "warning"),
        "conversations_importedthread": (_("Imported threads"), "unarchive"),
        "conversations_erasure": (_("Erasures"), "delete_history"),
    },
    "people": {
        "auth_user": (_("Users"), "person"),
        "accounts_apikey": (_("API keys"), "key"),
        "axes_accesslog": (_("Sign-ins"), "login"),
        "conversations_auditentry": (_("Audit log"), "policy"),
    },
    "system": {
        "conversations_thread": (_("Sync ledger"), "receipt_long"),
        "conversations_interactionevent": (_("Events"), "history"),
        "conversations_conversationtag": (_("Tags on conversations"), "sell"),
        "conversations_conversationalias": (_("Further IDs"), "badge"),
        "conversations_removedconversation": (_("Joined conversations"), "merge"),
        "conversations_webhookdelivery": (_("Webhooks"), "webhook"),
        "conversations_outgoingmessage": (_("Outbox"), "outbox"),
        "procrastinate_procrastinatejob": (_("Jobs"), "work_history"),
        "conversations_callbudget": (_("Call budgets"), "speed"),
        "axes_accessfailurelog": (_("Failed sign-ins"), "gpp_bad"),
        "axes_accessattempt": (_("Sign-in locks"), "lock_clock"),
    },
}


# Unfold's Alpine.js evaluates attributes of its templates; its colors are a <style> in the page.
UNFOLD_CSP = {"script-src": [UNSAFE_EVAL], "style-src": [UNSAFE_INLINE]}


class AdminSite(UnfoldAdminSite):
    """Django's admin with unfold, behind the login page of the site."""

    site_url = None
    index_title = _("Dashboard")
    index_template = "admin/dashboard.html"

    def register(self, model_or_iterable, admin_class=None, **options):
        super().register(model_or_iterable, admin_class, **options)
        for model in [model_or_iterable] if isinstance(model_or_iterable, type) else model_or_iterable:
            translate_names(model)

    def admin_view(self, view, cacheable=False):
        guarded = super().admin_view(view, cacheable)

        @wraps(guarded)
        @csp_update(UNFOLD_CSP)
        def checked_view(request, *args, **kwargs):
            if self.has_permission(request):
                return guarded(request, *args, **kwargs)
            if request.user.is_authenticated:
                raise PermissionDenied  # another login form would not help a user who is logged in
            return redirect_to_login(request.get_full_path())

        return checked_view

    def login(self, request, extra_context=None):
        return redirect("home" if request.user.is_authenticated else "login", permanent=False)

    def password_change(self, request, extra_context=None):
        return redirect("password", permanent=False)

    def each_context(self, request):
        from conversations.admin.pages.reconnect import disconnected_pages  # needs this site to exist

        return {**super().each_context(request), "disconnected_pages": partial(disconnected_pages, request)}

    def get_urls(self):
        from conversations.admin.system_page import system_page  # needs this site to exist

        page = path("system/", self.admin_view(partial(system_page, self)), name="system")
        return [page, *super().get_urls()]

    def index(self, request, extra_context=None):
        from conversations.admin.dashboard import dashboard_context  # needs this site to exist

        return super().index(request, {**dashboard_context(request), **(extra_context or {})})


def menu(request: HttpRequest) -> list[dict]:
    """Return the sidebar menu with what this user may see, in four groups. *System* is closed at first."""
    visible = {
        f"{model._meta.app_label}_{model._meta.model_name}"
        for model, model_admin in site._registry.items()
        if model_admin.has_view_permission(request)
    }
    entries = {
        group: [list_entry(name, *label) for name, label in names.items() if name in visible]
        for group, names in MENU.items()
    }
    entries["inbox"].insert(0, entry("home", _("Inbox"), "inbox") | {"active": never_active})
    if request.user.is_superuser:
        connect = entry("admin:conversations_page_connect", gettext("Connect a Page"), "add_link")
        if request.path.startswith(connect["link"]):
            entries["pages"][0]["active"] = never_active
        entries["pages"].insert(1, connect)
        entries["system"].insert(0, entry("admin:system", _("System"), "monitoring"))
    from conversations.admin.conversations.quick_filters import views_menu  # needs this site to exist

    entries["inbox"][2:2] = views_menu(request)
    return [
        {"title": GROUPS[group], "items": items, "collapsible": group == "system"}
        for group, items in entries.items()
        if items
    ]


def list_entry(name: str, title: str | Promise, icon: str) -> dict:
    return entry(f"admin:{name}_changelist", title, icon)


def entry(name: str, title: str | Promise, icon: str) -> dict:
    return {"title": title, "icon": icon, "link": reverse(name)}


def never_active(request: HttpRequest) -> bool:
    """Return False: unfold would mark the entry as active because the URL starts with its link."""
    return False
