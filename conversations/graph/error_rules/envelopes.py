"""Finds the error in a response, in whatever envelope Facebook sent it.

Graph answers {"error": {"message", "code", …}}. Other parts of Facebook, and what stands before it, answer in
other shapes; they are translated to that of Graph, so that one table decides about all of them:

    {"error_code": 190, "error_msg": "…"}                                   the REST API before Graph
    {"error_type": "OAuthException", "code": 400, "error_message": "…"}     the login of Instagram
    {"meta": {"error_type": …}}                                             the first API of Instagram
    {"error": "invalid_token", "error_description": "…"}                    OAuth 2.0
"""

from typing import Any

MESSAGES = ("error_msg", "error_message", "error_description", "message")
SHARED = ("error_subcode", "error_user_title", "error_user_msg", "is_transient", "fbtrace_id")
# Graph's code for a type that comes without one.
CODES = {
    "OAuthAccessTokenException": 190,
    "OAuthPermissionsException": 10,
    "OAuthRateLimitException": 4,
    "invalid_token": 190,
    "insufficient_scope": 10,
}
HTTP_STATUSES = range(400, 600)


def find_error(body: Any) -> dict | None:
    """Return the error as Graph's `error` object, or None if the response has none."""
    if not isinstance(body, dict):
        return None
    error = body.get("error")
    if isinstance(error, dict):
        return error
    meta = body.get("meta")
    if isinstance(meta, dict) and "error_type" in meta:
        body = meta
    if "error_code" in body or "error_type" in body:
        return _translate(body, body.get("error_type"), body.get("error_code"))
    if isinstance(error, str) and "error_description" in body:
        return _translate(body, error, None)
    return None


def _translate(body: dict, kind: Any, code: Any) -> dict:
    if code is None:
        code = CODES.get(kind) if isinstance(kind, str) else None
    if code is None and _number(body.get("code")) not in HTTP_STATUSES:
        code = body.get("code")
    message = next((body[name] for name in MESSAGES if body.get(name)), kind)
    shared = {name: body[name] for name in SHARED if name in body}
    return {"code": code, "type": kind, "message": message} | shared


def _number(value: Any) -> int | None:
    return int(value) if isinstance(value, int) or (isinstance(value, str) and value.isdecimal()) else None
