"""All URLs."""

from typing import Any

from django.urls import path

from inbox.web import health
from inbox.web.metrics import metrics


def later(module: str, namespace: str | None = None) -> tuple[Any, str | None, str | None]:
    """Do as `include()`, but import the module only when a request or `reverse()` needs it.

    A process answers /healthz before it has loaded pages, REST and admin (inbox/process/loading.py).
    """
    return module, namespace, namespace


urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("admin/", later("inbox.site.admin_urls", "admin")),
    path("api/", later("conversations.api.urls")),
    path("", later("inbox.web.page_urls")),
]

handler400 = "inbox.web.error_pages.bad_request"
handler403 = "inbox.web.error_pages.forbidden"
handler404 = "inbox.web.error_pages.not_found"
handler500 = "inbox.web.error_pages.server_error"
