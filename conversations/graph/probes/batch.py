"""Sends several GET requests in one call, and returns the body and headers of each."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from requests.structures import CaseInsensitiveDict

from conversations.graph.client import GraphClient
from conversations.graph.errors import GraphError, RateLimitError, TransientError, VersionError

TRIES = 2  # the results are useful but not worth a long wait


@dataclass(frozen=True)
class BatchResponse:
    """One response of a batch. The body is empty if there was no response."""

    body: dict
    headers: Mapping[str, str]


def request_batch(client: GraphClient, *relative_urls: str) -> list[BatchResponse]:
    """Send several GETs in one POST; Facebook counts each as a call. Return the responses in this order.

    What took too long for Facebook is requested a second time.
    developers.facebook.com/docs/graph-api/batch-requests
    """
    responses = _post(client, relative_urls)
    late = [url for url in relative_urls if responses.get(url, ...) is None]
    if late:
        responses |= _post(client, late)
    return [_parse(responses.get(url)) for url in relative_urls]


def _post(client: GraphClient, relative_urls: Sequence[str]) -> dict[str, Any]:
    """Return the responses by URL, or nothing if the batch itself was refused."""
    calls = [{"method": "GET", "relative_url": url} for url in relative_urls]
    try:
        responses = client.post("", tries=TRIES, batch=json.dumps(calls), include_headers="true")
    except GraphError as error:
        raise_unless_refused(error)
        return {}
    return dict(zip(relative_urls, responses, strict=False)) if isinstance(responses, list) else {}


def raise_unless_refused(error: GraphError) -> None:
    """Raise errors that would stop any other request too. A refusal is a result of the probe."""
    stops_all = RateLimitError | TransientError | VersionError
    if isinstance(error, stops_all) or error.code in (102, 104, 190):
        raise error


def _parse(item: Any) -> BatchResponse:
    item = item if isinstance(item, dict) else {}
    headers = {str(row.get("name")): str(row.get("value")) for row in dicts(item.get("headers"))}
    return BatchResponse(as_object(item.get("body")), CaseInsensitiveDict(headers))


def as_object(text: Any) -> dict:
    """Return the JSON object in the text, or an empty dict."""
    try:
        value = json.loads(text)
    except (TypeError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def dicts(value: Any) -> list[dict]:
    """Return the dicts in a list, or an empty list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
