"""The edges that subscribe: /{page}/subscribed_apps for a Page, /{app}/subscriptions for the address."""

import json
import secrets
from typing import Any
from urllib.parse import urlencode

from conversations.sandbox.data.people import Token
from conversations.sandbox.data.world import Page, World
from conversations.sandbox.request import Request
from conversations.sandbox.responses.error_responses import (
    GraphFailure,
    bad_parameter,
    bad_token,
    not_visible,
)
from conversations.sandbox.switches import Switches

from .field_names import APP_FIELDS, PAGE_FIELDS
from .sender import AppSubscription, WebhookSender, http_get

PERMISSION = "pages_manage_metadata"


class Subscriptions:
    def __init__(self, world: World, switches: Switches, sender: WebhookSender) -> None:
        self.world, self.switches, self.sender = world, switches, sender

    # -- a Page --------------------------------------------------------------------------------------------
    def subscribed_apps(self, request: Request, token: Token, page: Page) -> dict[str, Any]:
        """GET lists the apps, POST replaces the fields of ours, DELETE removes it."""
        if token.type != "PAGE":
            raise GraphFailure(210, "(#210) A page access token is required to request this resource.")
        if PERMISSION not in token.granted:
            needs = f"(#200) Requires {PERMISSION} permission to manage the object"
            raise GraphFailure(200, needs, status=403)
        if request.method == "GET":
            return {"data": [*page.other_apps, *self._own_app(page)]}
        page.subscribed_fields = _given_fields(request) if request.method == "POST" else ()
        return {"success": True}

    def _own_app(self, page: Page) -> list[dict[str, Any]]:
        if not page.subscribed_fields:
            return []
        app = {"category": "Business", "link": "https://shop.example/", "name": "Inbox sandbox"}
        return [app | {"id": self.switches.app_id, "subscribed_fields": list(page.subscribed_fields)}]

    # -- the app -------------------------------------------------------------------------------------------
    def is_about_app(self, request: Request) -> bool:
        return request.path == f"/{self.switches.app_id}/subscriptions"

    def app(self, request: Request) -> dict[str, Any]:
        """GET lists the addresses, POST sets one for an object, DELETE removes one. With the app's token."""
        if request.token != f"{self.switches.app_id}|{self.switches.app_secret or ''}":
            raise bad_token(status=self.switches.token_error_status)
        if request.method == "GET":
            return {"data": [_shown(name, app) for name, app in self.sender.apps.items()]}
        name = request.params.get("object", "")
        if request.method == "DELETE":
            for each in [name] if name else list(self.sender.apps):
                self.sender.apps.pop(each, None)
        elif request.method == "POST":
            self._subscribe(name, request.params)
        else:
            raise not_visible(self.switches.app_id, request.method.lower())
        return {"success": True}

    def _subscribe(self, name: str, params: dict[str, str]) -> None:
        if name not in APP_FIELDS:
            raise bad_parameter(f"Param object must be one of {{{', '.join(APP_FIELDS).upper()}}}")
        before = self.sender.apps.get(name)
        fields = tuple(filter(None, params.get("fields", "").split(","))) or (before.fields if before else ())
        _check(fields, APP_FIELDS[name], "fields")
        address = params.get("callback_url", "")
        if not address:
            raise bad_parameter("The parameter callback_url is required.")
        self._verify(address, params.get("verify_token", ""))
        self.sender.apps[name] = AppSubscription(address, fields)

    def _verify(self, address: str, token: str) -> None:
        challenge = str(secrets.randbelow(10**10))
        query = {"hub.mode": "subscribe", "hub.challenge": challenge, "hub.verify_token": token}
        status, text = http_get(f"{address}?{urlencode(query)}", self.sender.options.timeout_seconds)
        if status != 200 or text != challenge:
            failed = "(#2200) Callback verification failed with the following errors: HTTP Status Code = "
            raise GraphFailure(2200, f"{failed}{status}; HTTP Message = {'OK' if status == 200 else 'error'}")


def _shown(name: str, app: AppSubscription) -> dict[str, Any]:
    fields = [{"name": each, "version": "v26.0"} for each in app.fields]
    return {"object": name, "callback_url": app.callback_url, "active": app.is_active, "fields": fields}


def _given_fields(request: Request) -> tuple[str, ...]:
    text = request.params.get("subscribed_fields", "").strip()
    try:
        fields = tuple(json.loads(text)) if text.startswith("[") else tuple(filter(None, text.split(",")))
    except ValueError:
        raise bad_parameter("param subscribed_fields must be an array.") from None
    if not fields:
        raise bad_parameter("The parameter subscribed_fields is required.")
    _check(fields, PAGE_FIELDS, "subscribed_fields")
    return fields


def _check(fields: tuple[str, ...], known: tuple[str, ...], parameter: str) -> None:
    """Refuse the whole call for one field that is unknown."""
    for number, name in enumerate(fields):
        if name not in known:
            allowed = ", ".join(known)
            raise bad_parameter(f"Param {parameter}[{number}] must be one of {{{allowed}}} - got {name!r}.")
