"""Health checks: /healthz says that the process is alive, /readyz that it can serve requests."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress

from django.conf import settings
from django.db import Error, close_old_connections, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from conversations.realtime.listener import run_listener
from conversations.tasks import is_worker_alive
from inbox import __version__
from inbox.process.worker import embedded


def only_get(view: Callable[[HttpRequest], JsonResponse]):
    """Answer any other method with 405, without asking for a CSRF token."""
    return csrf_exempt(require_safe(never_cache(view)))


@only_get
def healthz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok", "version": __version__})


@only_get
def readyz(request: HttpRequest) -> JsonResponse:
    missing = one_check.missing_part()
    if missing:
        return JsonResponse({"error": f"Not ready: {missing}.", "missing": missing}, status=503)
    return JsonResponse({"status": "ok"})


class OneCheck:
    """Checks one at a time, however many ask: each gets the result of a check that began after it asked."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._began, self._missing = 0.0, ""

    def missing_part(self) -> str:
        asked = time.monotonic()
        with self._lock:
            if self._began < asked:
                self._began, self._missing = time.monotonic(), missing_part()
                with suppress(Error):
                    close_old_connections()  # the checks have one connection in all
            return self._missing


one_check = OneCheck()


def missing_part() -> str:
    """Return the first part that is not ready, in one word; an empty text if all are."""
    try:
        connection.ensure_connection()
        executor = MigrationExecutor(connection)
        needs_migration = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except Error:
        connection.close()  # the next request of this thread must not reuse a broken connection
        return "database"
    if needs_migration:
        return "migrations"
    if not run_listener.is_listening:
        return "listener"
    return "" if has_worker() else "worker"


def has_worker() -> bool:
    """Return whether a worker runs: the one in this process if it has one, else any other."""
    return embedded.is_alive() if settings.EMBEDDED_WORKER else is_worker_alive()
