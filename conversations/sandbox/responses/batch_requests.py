"""Batch requests: parsing the requests of a batch, and wrapping their answers as Graph does."""

import json
from typing import Any

from conversations.sandbox.request import Answer, Request

from .error_responses import bad_batch

MAX_REQUESTS = 50
PATHS = ("/", "/me", "/me/")


def is_batch(request: Request) -> bool:
    return request.method == "POST" and request.path in PATHS and "batch" in request.params


def parts(request: Request) -> list[Request]:
    """The requests in a batch, in order. Raises GraphFailure if the batch is invalid."""
    try:
        items = json.loads(request.params["batch"])
    except ValueError:
        items = None
    if not isinstance(items, list) or not items:
        raise bad_batch("(#100) batch parameter must be a JSON array")
    if len(items) > MAX_REQUESTS:
        raise bad_batch(f"(#100) Too many requests in batch message. Maximum batch size is {MAX_REQUESTS}")
    return [_part(request, item) for item in items]


def _part(request: Request, item: Any) -> Request:
    if not isinstance(item, dict) or not isinstance(item.get("relative_url"), str) or not item.get("method"):
        raise bad_batch("(#100) Each request of a batch needs a method and a relative_url")
    if unknown := set(item) - {"method", "relative_url", "name"}:
        raise bad_batch(f"(#100) Not supported by the sandbox: {', '.join(sorted(unknown))}")
    return request.part(str(item["method"]).upper(), item["relative_url"])


def wrapped(answer: Answer, *, include_headers: bool) -> dict[str, Any]:
    headers = [{"name": name, "value": value} for name, value in answer.headers.items()]
    shown = {"headers": headers} if include_headers else {}
    return {"code": answer.status, **shown, "body": answer.body.decode("utf-8", "surrogatepass")}
