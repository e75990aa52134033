"""Sends a file of an attachment to a browser, in which nothing of it can run."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from asgiref.sync import sync_to_async
from csp.constants import HEADER as CSP_HEADER
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from django.utils.translation import gettext_lazy as _

from conversations.lib.request_scope import Places, hold_until_end, leave_work, release_connection
from conversations.media.byte_range import ByteRange
from conversations.media.contents import Content, Part, Source, open_content
from conversations.media.download import DownloadFailed
from conversations.media.file_types import is_shown_in_place
from conversations.models import InteractionEvent

# A browser loads six at once. They wait for Facebook's file servers, in threads of their own while sending.
DOWNLOADS = Places(_("files being loaded"), per_user=8, in_all=64)
THREADS = ThreadPoolExecutor(16, "file")
# A file of a stranger: it loads nothing, runs nothing, and is of no origin, also opened by itself.
POLICY = "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; sandbox"
MAX_NAME_LENGTH = 150


def file_response(request: HttpRequest, event: InteractionEvent, index: int, part: Part) -> HttpResponseBase:
    """Return the file, or the part of it that the request wants.

    Raises FacebookRefused, TooManyRequests and ServerBusy.
    """
    hold_until_end(DOWNLOADS, request.user.pk)
    leave_work()
    byte_range = ByteRange.parse(request.headers.get("Range", ""))
    content = open_content(event, index, part, request.user, byte_range)
    release_connection()
    if request.method == "HEAD":
        content.source.close()
        return HttpResponse(headers=_headers(content), content_type=content.media_type)
    body = (_AsyncChunks if isinstance(request, ASGIRequest) else _Chunks)(content.source)
    return StreamingHttpResponse(
        body,
        status=206 if content.source.is_part else 200,
        headers=_headers(content),
        content_type=content.media_type,
    )


def _headers(content: Content) -> dict[str, str]:
    source = content.source
    is_saved = not is_shown_in_place(content.media_type)
    headers = {
        CSP_HEADER: POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Accept-Ranges": "bytes",
        "Content-Disposition": content_disposition_header(is_saved, content.name[:MAX_NAME_LENGTH])
        or "inline",
    }
    if source.is_part and source.last is not None:
        headers["Content-Range"] = f"bytes {source.first}-{source.last}/{source.total}"
        headers["Content-Length"] = str(source.last - source.first + 1)
    elif source.total is not None:
        headers["Content-Length"] = str(source.total)
    return headers


class _Chunks:
    """Django calls close() when the response has ended, also if nothing was read."""

    def __init__(self, source: Source):
        self.close, self._read = source.close, source.read

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._read, b"")


class _AsyncChunks:
    """Reads each part in a thread when the client is ready for it."""

    def __init__(self, source: Source):
        self.close = source.close
        self._read = sync_to_async(source.read, thread_sensitive=False, executor=THREADS)

    def __aiter__(self) -> "_AsyncChunks":
        return self

    async def __anext__(self) -> bytes:
        try:
            chunk = await self._read()
        except DownloadFailed as error:
            raise ConnectionAbortedError(str(error)) from None  # the client sees that the file is not whole
        if not chunk:
            raise StopAsyncIteration
        return chunk
