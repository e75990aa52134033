"""Where a list goes on: reads Graph's `paging`, and makes the parameters of the next request.

A position is a cursor or, where Graph gives none, the parameters of its `next` link as a query string that
begins with "?". Positions are stored; they contain no token.
"""

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from conversations.graph.coercion import as_dict, as_text
from conversations.graph.errors import TOKEN_LIKE, GraphError

# Parameters of a link that do not say where the list goes on: what a request of ours says itself, and what
# would change what it does.
IGNORED = {
    *("access_token", "batch", "callback", "debug", "fields", "folder", "format", "ids", "include_headers"),
    *("limit", "locale", "method", "platform", "pretty", "summary", "suppress_http_code", "tags", "user_id"),
    *("updated_after_ms", "updated_before_ms"),
}
SECRETS = ("token", "secret", "proof", "signature")  # parts of names
PAGING_TOKENS = ("paging", "pagination")  # parts of names of tokens that are positions: `__paging_token`
MAX_LENGTH = 4000  # of a position: a request line may have 8,000 characters


def next_cursor(raw: Any) -> str | None:
    """Return the position for the next request, None at the end.

    The list ends only where `paging.next` is absent: the last page has cursors too, and an empty page may
    have a `next` (developers.facebook.com/docs/graph-api/results). The URL in `next` is never requested:
    it contains the token and may lead anywhere. Raises GraphError if it says nothing of the position.
    """
    paging = as_dict(as_dict(raw).get("paging"))
    if paging.get("next") is None:
        return None
    cursor = as_text(as_dict(paging.get("cursors")).get("after"))
    position = _as_position(cursor) if cursor else _position_in(as_text(paging["next"]))
    if not (position and position.isascii() and position.isprintable() and len(position) <= MAX_LENGTH):
        raise GraphError("Facebook says that the list continues, but sent no cursor.")
    return position


def position_params(position: str | None) -> dict[str, str]:
    """Return the parameters of a request for what follows this position; None: for the top of the list."""
    if not position:
        return {}
    return dict(parse_qsl(position[1:])) if position.startswith("?") else {"after": position}


def _position_in(url: str) -> str:
    """Return the position that a link leads to, empty if it names none."""
    try:
        params = dict(parse_qsl(urlsplit(url).query))
    except ValueError:
        return ""
    if cursor := params.get("after"):
        return _as_position(cursor)
    return _as_query({name: value for name, value in params.items() if _is_about_position(name, value)})


def _as_position(cursor: str) -> str:
    return _as_query({"after": cursor}) if cursor.startswith("?") else cursor


def _as_query(params: dict[str, str]) -> str:
    return f"?{urlencode(params)}" if params else ""


def _is_about_position(name: str, value: str) -> bool:
    name = name.lower()
    is_secret = any(part in name for part in SECRETS) and not any(part in name for part in PAGING_TOKENS)
    return name not in IGNORED and not is_secret and not TOKEN_LIKE.search(value)
