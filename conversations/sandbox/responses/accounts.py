"""Graph's answers about tokens and accounts."""

from typing import Any

from conversations.sandbox.data.people import Token
from conversations.sandbox.data.world import World
from conversations.sandbox.request import Request
from conversations.sandbox.switches import Switches

from .error_responses import TOKEN_MESSAGES, bad_parameter, bad_token

APPLICATION = "Inbox sandbox"  # the name of the app


def permissions(token: Token) -> dict[str, Any]:
    rows = [{"permission": name, "status": "granted"} for name in sorted(token.granted)]
    return {"data": rows + [{"permission": name, "status": "declined"} for name in sorted(token.declined)]}


def application(app_id: str, request: Request, world: World, switches: Switches) -> dict[str, Any] | None:
    """Return an app as Graph shows it to everybody; None if there is none of this ID."""
    name = APPLICATION if app_id == switches.app_id else world.apps.get(app_id)
    if name is None:
        return None
    values = {"category": "Business", "link": "https://shop.example/", "name": name}
    wanted = request.params.get("fields", "").split(",")
    return {key: value for key, value in values.items() if key in wanted or wanted == [""]} | {"id": app_id}


def debug_token(request: Request, world: World, switches: Switches) -> dict[str, Any]:
    """Requires an app token (`app-id|app-secret`) or, unless a switch forbids it, any valid token."""
    _check_asker(request, world, switches)
    token = world.tokens.get(request.params.get("input_token", ""))
    if token is None:
        return {"data": {**_token_error(None), "is_valid": False, "scopes": []}}
    return {"data": _describe(token, world, switches)}


def _check_asker(request: Request, world: World, switches: Switches) -> None:
    if request.token == f"{switches.app_id}|{switches.app_secret or ''}":
        return
    asking = world.tokens.get(request.token or "")
    if asking is None or asking.problem(world.clock.now()) is not None:
        raise bad_token(status=switches.token_error_status)
    if switches.debug_needs_app:
        raise bad_parameter(
            "You must provide an app access token, or a user access token that is an owner or developer of "
            "the app"
        )


def _describe(token: Token, world: World, switches: Switches) -> dict[str, Any]:
    subcode = token.problem(world.clock.now())
    scopes = sorted(token.granted)
    owner = next(
        (user.id for user in world.users.values() if token.holder_id in (user.id, *user.page_ids)), None
    )
    return {
        "app_id": switches.app_id,
        "type": token.type,
        "application": APPLICATION,
        "data_access_expires_at": int(token.data_access_expires_at),
        "expires_at": int(token.expires_at),
        "issued_at": int(token.issued_at),
        "is_valid": subcode is None,
        "scopes": scopes,
        "granular_scopes": [_granular(scope, token) for scope in scopes],
        **({"profile_id": token.holder_id} if token.type == "PAGE" else {}),
        **({"user_id": owner} if owner else {}),
        **({} if subcode is None else _token_error(subcode or None)),
    }


def _granular(scope: str, token: Token) -> dict[str, Any]:
    """A permission that was granted for all Pages lists no Page."""
    everywhere = {token.holder_id} if token.type == "PAGE" else set()
    targets = token.only_for.get(scope, everywhere)
    return {"scope": scope, **({"target_ids": sorted(targets)} if targets else {})}


def _token_error(subcode: int | None) -> dict[str, Any]:
    error: dict[str, Any] = {
        "code": 190,
        "message": TOKEN_MESSAGES.get(subcode, "Invalid OAuth access token."),
    }
    return {"error": {**error, **({"subcode": subcode} if subcode else {})}}
