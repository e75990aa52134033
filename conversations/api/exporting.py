"""A file that is made while it is sent."""

from collections.abc import AsyncIterator, Iterator

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.db import connection
from django.http import StreamingHttpResponse
from rest_framework.exceptions import ValidationError

from conversations.api.access import page_ids
from conversations.api.asking import selected
from conversations.models import Page
from conversations.reading.export import FORMATS, TYPES
from conversations.reading.values import shown


def exported(request) -> StreamingHttpResponse:
    kind = request.query_params.get("format", "").strip() or "csv"
    if kind not in FORMATS:
        raise ValidationError({"format": [f"It must be csv or ndjson, not {shown(kind)}."]})
    selection = selected(request.user, request.query_params)
    pages = Page.objects.filter(pk__in=page_ids(request.user))
    body = FORMATS[kind](selection, dict(pages.values_list("facebook_page_id", "name")))
    is_asynchronous = isinstance(request._request, ASGIRequest)
    return StreamingHttpResponse(
        in_turn(body) if is_asynchronous else body,
        content_type=TYPES[kind],
        headers={"Content-Disposition": f'attachment; filename="conversations.{kind}"'},
    )


async def in_turn(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Each piece when the reader wants it; between two no connection to the database is held."""

    def following() -> bytes | None:
        try:
            return next(pieces, None)
        finally:
            connection.close()

    while (piece := await sync_to_async(following, thread_sensitive=False)()) is not None:
        yield piece
