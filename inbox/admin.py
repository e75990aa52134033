from functools import wraps

from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect


class AdminSite(admin.AdminSite):
    """Django's admin behind our one door, /login."""

    site_header = site_title = "Inbox"
    site_url = None
    index_title = "What there is"

    def admin_view(self, view, cacheable=False):
        guarded = super().admin_view(view, cacheable)

        @wraps(guarded)
        def door(request, *args, **kwargs):
            if self.has_permission(request):
                return guarded(request, *args, **kwargs)
            if request.user.is_authenticated:
                raise PermissionDenied  # asking for another login again and again would lead nowhere
            return redirect_to_login(request.get_full_path())

        return door

    def login(self, request, extra_context=None):
        return redirect("home" if request.user.is_authenticated else "login", permanent=False)
