"""The admin's front: our one door, the way around, the start page."""

from functools import partial, wraps

from csp.constants import UNSAFE_EVAL, UNSAFE_INLINE
from csp.decorators import csp_update
from django.contrib.admin import site
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.shortcuts import redirect
from django.urls import reverse
from unfold.sites import UnfoldAdminSite

MENU = {
    "Work": {
        "conversations_conversation": ("Conversations", "forum"),
        "conversations_savedview": ("Saved views", "bookmark"),
        "tags_tag": ("Tags", "label"),
        "conversations_page": ("Pages", "storefront"),
    },
    "Looking closer": {
        "conversations_syncrun": ("Sync runs", "sync"),
        "conversations_thread": ("Ledger of threads", "receipt_long"),
        "conversations_erasure": ("Erasures", "delete_history"),
        "conversations_interactionevent": ("Events", "history"),
        "conversations_conversationtag": ("Tags on conversations", "sell"),
    },
    "Installation": {
        "auth_user": ("Users", "person"),
        "auth_group": ("Groups", "group"),
        "authtoken_tokenproxy": ("API keys", "key"),
        "axes_accesslog": ("Sign-ins", "login"),
        "axes_accessfailurelog": ("Failed sign-ins", "gpp_bad"),
        "axes_accessattempt": ("Counted failures", "lock_clock"),
        "procrastinate_procrastinatejob": ("Jobs", "work_history"),
        "conversations_callbudget": ("Call budgets", "speed"),
    },
}


# Unfold's Alpine.js makes functions of attributes in the templates, its colours are a <style> in the page.
UNFOLD_NEEDS = {"script-src": [UNSAFE_EVAL], "style-src": [UNSAFE_INLINE]}


class AdminSite(UnfoldAdminSite):
    """Behind our one door, /login."""

    site_url = None
    index_title = "Start"
    index_template = "admin/start.html"

    def admin_view(self, view, cacheable=False):
        guarded = super().admin_view(view, cacheable)

        @wraps(guarded)
        @csp_update(UNFOLD_NEEDS)
        def door(request, *args, **kwargs):
            if self.has_permission(request):
                return guarded(request, *args, **kwargs)
            if request.user.is_authenticated:
                raise PermissionDenied  # asking for another login again and again would lead nowhere
            return redirect_to_login(request.get_full_path())

        return door

    def login(self, request, extra_context=None):
        return redirect("home" if request.user.is_authenticated else "login", permanent=False)

    def each_context(self, request):
        from conversations.admin.lost import lost_pages  # it needs this site to be there

        return {**super().each_context(request), "lost_pages": partial(lost_pages, request)}

    def index(self, request, extra_context=None):
        from conversations.admin.start import start_page  # it needs this site to be there

        return super().index(request, {**start_page(request), **(extra_context or {})})


def menu(request: HttpRequest) -> list[dict]:
    """The sidebar: what this user may see."""
    seen = {
        f"{model._meta.app_label}_{model._meta.model_name}"
        for model, model_admin in site._registry.items()
        if model_admin.has_view_permission(request)
    }
    groups: list[dict] = [
        {"title": title, "items": [list_of(name, *words) for name, words in entries.items() if name in seen]}
        for title, entries in MENU.items()
    ]
    groups[0]["items"].insert(0, entry("home", "Inbox", "inbox") | {"active": never})
    if request.user.is_superuser:
        connect = entry("admin:conversations_page_connect", "Connect a Page", "add_link")
        groups[-1]["items"].insert(0, connect)
        if request.path.startswith(connect["link"]):
            groups[0]["items"] = [item | {"active": never} for item in groups[0]["items"]]  # nor Pages
    from conversations.admin.quick import views_menu  # as above

    return groups[:1] + views_menu(request) + groups[1:]


def list_of(name: str, title: str, icon: str) -> dict:
    return entry(f"admin:{name}_changelist", title, icon)


def entry(name: str, title: str, icon: str) -> dict:
    return {"title": title, "icon": icon, "link": reverse(name)}


def never(request: HttpRequest) -> bool:
    """Of an entry that is not marked as where one is, though the address begins like it."""
    return False
