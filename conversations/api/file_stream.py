"""Files of exports: sent while they are created, or from where a worker has stored them."""

from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import chain

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.db import connection
from django.http import HttpResponse, StreamingHttpResponse
from django.utils.translation import gettext
from rest_framework.exceptions import ValidationError

from conversations.api.query_params import conversation_ids, criteria_for
from conversations.exports import parquet
from conversations.exports.file_formats import CONTENT_TYPES, FORMATS, LINES, whole_file
from conversations.lib.request_scope import STREAMS, hold_until_end, leave_work, release_connection
from conversations.models import Page
from conversations.models.audit import Action, record
from conversations.permissions import page_ids
from conversations.search.parsing import quote

# Their own: a part of an export may take long, and streams look up what they send in the threads of the loop.
THREADS = ThreadPoolExecutor(4, "export")


def export_response(request) -> HttpResponse | StreamingHttpResponse:
    """Return all matching conversations, or their messages, as a file.

    Raises ValidationError, NotFound and TooSlow.
    """
    params = request.query_params
    what = chosen(params, "what", tuple(LINES))
    kind = chosen(params, "format", FORMATS)
    require_format(kind)
    criteria = replace(criteria_for(request.user, params), ids=conversation_ids(params))
    if request.method == "HEAD":
        return HttpResponse(headers=file_headers(what, kind))  # and nothing is exported
    pages = Page.objects.filter(pk__in=page_ids(request.user))
    body = whole_file(what, kind, criteria, dict(pages.values_list("facebook_page_id", "name")))
    body = chain([next(body, b"")], body)  # raises TooSlow as long as the response can still be a 503
    record(Action.EXPORTED, request=request, what=what, format=kind, filter=params.dict())
    return file_response(request, what, kind, body)


def chosen(params, name: str, options: tuple[str, ...]) -> str:
    """Return a parameter that is one of these options; the first one if it is missing or empty."""
    value = params.get(name, "").strip() or options[0]
    if value not in options:
        raise ValidationError(
            {
                name: [
                    gettext("It must be %(options)s, not %(value)s.")
                    % {"options": gettext(" or ").join(options), "value": quote(value)}
                ]
            }
        )
    return value


def require_format(kind: str) -> None:
    """Raise ValidationError if what writes this format is not installed."""
    if kind == "parquet" and not parquet.is_available():
        raise ValidationError({"format": [str(parquet.MISSING)]})


def file_headers(what: str, kind: str) -> dict[str, str]:
    return {
        "Content-Type": CONTENT_TYPES[kind],
        "Content-Disposition": f'attachment; filename="{what}.{kind}"',
    }


def file_response(request, what: str, kind: str, body: Iterator[bytes]) -> StreamingHttpResponse:
    """Send this body, in its own time: the request is not at work meanwhile."""
    is_asynchronous = isinstance(request._request, ASGIRequest)
    if is_asynchronous:
        hold_until_end(STREAMS, request.user.pk)
        release_connection()
        leave_work()
    content = iterate_in_thread(body) if is_asynchronous else body
    return StreamingHttpResponse(content, headers=file_headers(what, kind))


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
