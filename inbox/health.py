"""For whoever watches the process: does it live, and can it work?"""

from django.conf import settings
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache

from conversations.jobs import is_worker_alive
from conversations.sync.live import live
from inbox.worker import embedded


@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    missing = not_ready()
    if missing:
        return JsonResponse({"error": f"Not ready: {missing}.", "missing": missing}, status=503)
    return JsonResponse({"status": "ok"})


def not_ready() -> str:
    """What is missing, in a word; empty when all is there."""
    try:
        connection.ensure_connection()
        executor = MigrationExecutor(connection)
        is_behind = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except Error:
        connection.close()  # a broken connection is of no use to the next request of this thread either
        return "database"
    if is_behind:
        return "migrations"
    if not live.is_listening:
        return "listener"
    return "" if has_worker() else "worker"


def has_worker() -> bool:
    """One's own, where the process has one; else any, which then run apart."""
    return embedded.is_alive() if settings.EMBEDDED_WORKER else is_worker_alive()
