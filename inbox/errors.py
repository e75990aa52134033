"""What Django answers by itself: JSON under /api/, a page in words elsewhere."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views import defaults


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return as_json(request, 400, "Bad request.") or defaults.bad_request(request, exception)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return as_json(request, 403, "Forbidden.") or defaults.permission_denied(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return as_json(request, 404, "Not found.") or defaults.page_not_found(request, exception)


def failed(request: HttpRequest) -> HttpResponse:
    words = "This went wrong on our side; the server's log has the reason."
    return as_json(request, 500, words) or defaults.server_error(request)


def as_json(request: HttpRequest, status: int, words: str) -> HttpResponse | None:
    if request.path_info.startswith("/api/"):
        return JsonResponse({"error": words}, status=status)
    return None
