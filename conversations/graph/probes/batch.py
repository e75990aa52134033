"""Several questions in one call, and what the headers of each answer say."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from requests.structures import CaseInsensitiveDict

from conversations.graph.client import GraphClient
from conversations.graph.errors import GraphError, RateLimitError, TransientError, VersionError

TRIES = 2  # what a batch is asked for is good to know, not worth a long wait


@dataclass(frozen=True)
class Part:
    """One answer of a batch: an empty body where there was none."""

    body: dict
    headers: Mapping[str, str]


def ask_batch(client: GraphClient, *relative_urls: str) -> list[Part]:
    """Several GETs in one POST, each of them a call; what took too long for Facebook is asked once more.

    developers.facebook.com/docs/graph-api/batch-requests
    """
    answers = _post(client, relative_urls)
    late = [url for url in relative_urls if answers.get(url, ...) is None]
    if late:
        answers |= _post(client, late)
    return [_part(answers.get(url)) for url in relative_urls]


def _post(client: GraphClient, relative_urls: Sequence[str]) -> dict[str, Any]:
    """The answers by what was asked; none of them where the batch itself was refused."""
    asked = [{"method": "GET", "relative_url": url} for url in relative_urls]
    try:
        answers = client.post("", tries=TRIES, batch=json.dumps(asked), include_headers="true")
    except GraphError as error:
        raise_unless_refused(error)
        return {}
    return dict(zip(relative_urls, answers, strict=False)) if isinstance(answers, list) else {}


def raise_unless_refused(error: GraphError) -> None:
    """A refusal is an answer; a dead token, a throttle and a broken connection are none."""
    stops_all = RateLimitError | TransientError | VersionError
    if isinstance(error, stops_all) or error.code in (102, 104, 190):
        raise error


def _part(item: Any) -> Part:
    item = item if isinstance(item, dict) else {}
    headers = {str(row.get("name")): str(row.get("value")) for row in dicts(item.get("headers"))}
    return Part(as_object(item.get("body")), CaseInsensitiveDict(headers))


def as_object(text: Any) -> dict:
    try:
        value = json.loads(text)
    except (TypeError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def dicts(value: Any) -> list[dict]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
