"""Many requests in one call: what is asked for, and the answer to each as Graph wraps it."""

import json
from typing import Any

from .errors import bad_batch
from .request import Answer, Request

MOST = 50
PATHS = ("/", "/me", "/me/")


def is_batch(request: Request) -> bool:
    return request.method == "POST" and request.path in PATHS and "batch" in request.params


def parts(request: Request) -> list[Request]:
    """The requests in a batch, in order. GraphFailure: the batch itself is wrong, and none is answered."""
    try:
        asked = json.loads(request.params["batch"])
    except ValueError:
        asked = None
    if not isinstance(asked, list) or not asked:
        raise bad_batch("(#100) batch parameter must be a JSON array")
    if len(asked) > MOST:
        raise bad_batch(f"(#100) Too many requests in batch message. Maximum batch size is {MOST}")
    return [_part(request, item) for item in asked]


def _part(request: Request, item: Any) -> Request:
    if not isinstance(item, dict) or not isinstance(item.get("relative_url"), str) or not item.get("method"):
        raise bad_batch("(#100) Each request of a batch needs a method and a relative_url")
    if unknown := set(item) - {"method", "relative_url", "name"}:  # better than to imitate them wrongly
        raise bad_batch(f"(#100) Not played by the sandbox: {', '.join(sorted(unknown))}")
    return request.part(str(item["method"]).upper(), item["relative_url"])


def wrapped(answer: Answer, *, include_headers: bool) -> dict[str, Any]:
    headers = [{"name": name, "value": value} for name, value in answer.headers.items()]
    shown = {"headers": headers} if include_headers else {}
    return {"code": answer.status, **shown, "body": answer.body.decode("utf-8", "surrogatepass")}
