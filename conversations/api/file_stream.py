"""The export of conversations as a file, which is sent while it is created."""

from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.db import connection
from django.http import HttpResponse, StreamingHttpResponse
from rest_framework.exceptions import ValidationError

from conversations.api.query_params import criteria_for
from conversations.lib.request_scope import STREAMS, hold_until_end, leave_work, release_connection
from conversations.models import Page
from conversations.models.audit import Action, record
from conversations.permissions import page_ids
from conversations.search.export import CONTENT_TYPES, FORMATS
from conversations.search.parsing import quote

# Their own: a part of an export may take long, and streams look up what they send in the threads of the loop.
THREADS = ThreadPoolExecutor(4, "export")


def export_response(request) -> HttpResponse | StreamingHttpResponse:
    """Return all matching conversations as a file. Raises ValidationError, NotFound and TooSlow."""
    kind = request.query_params.get("format", "").strip() or "csv"
    if kind not in FORMATS:
        raise ValidationError({"format": [f"It must be csv or ndjson, not {quote(kind)}."]})
    criteria = criteria_for(request.user, request.query_params)
    headers = {"Content-Disposition": f'attachment; filename="conversations.{kind}"'}
    if request.method == "HEAD":
        return HttpResponse(content_type=CONTENT_TYPES[kind], headers=headers)  # and nothing is exported
    pages = Page.objects.filter(pk__in=page_ids(request.user))
    body = FORMATS[kind](criteria, dict(pages.values_list("facebook_page_id", "name")))
    body = chain([next(body, b"")], body)  # raises TooSlow as long as the response can still be a 503
    record(Action.EXPORTED, request=request, format=kind, filter=request.query_params.dict())
    is_asynchronous = isinstance(request._request, ASGIRequest)
    if is_asynchronous:
        hold_until_end(STREAMS, request.user.pk)
        release_connection()
        leave_work()
    return StreamingHttpResponse(
        iterate_in_thread(body) if is_asynchronous else body,
        content_type=CONTENT_TYPES[kind],
        headers=headers,
    )


async def iterate_in_thread(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Read each chunk in a thread when the client is ready; no database connection is held in between."""

    def next_chunk() -> bytes | None:
        try:
            return next(chunks, None)
        finally:
            connection.close()

    read = sync_to_async(next_chunk, thread_sensitive=False, executor=THREADS)
    while (chunk := await read()) is not None:
        yield chunk
