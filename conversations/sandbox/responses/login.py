"""Facebook Login: the dialog as a plain page, and /oauth/access_token."""

import itertools
from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from conversations.sandbox.data.world import World
from conversations.sandbox.request import Answer, Request
from conversations.sandbox.switches import Switches

from .error_responses import GraphFailure, bad_token

HOUR, CODE_SECONDS, LONG_SECONDS = 3600, 600, 60 * 24 * 3600
ASK = """<!doctype html><html lang="en"><title>Log in with Facebook (sandbox)</title>
<h1>Inbox sandbox asks {name}</h1>
<form><fieldset><legend>It would like to</legend>{boxes}</fieldset>{hidden}
<button name="decision" value="allow">Allow</button> <button name="decision" value="cancel">Cancel</button>
</form></html>"""


@dataclass
class Code:
    user_id: str
    return_address: str
    granted: set[str]
    declined: set[str]
    expires_at: float


class Login:
    def __init__(self, world: World, switches: Switches) -> None:
        self.world, self.switches = world, switches
        self.codes: dict[str, Code] = {}
        self._numbers = itertools.count(1)

    def dialogue(self, target: str) -> Answer:
        """Log in as the first user. A scope whose box is not checked is declined."""
        pairs = parse_qsl(urlsplit(target).query)
        params = dict(pairs)
        if params.get("client_id") != self.switches.app_id or "redirect_uri" not in params:
            return _page("<h1>Invalid App ID or no redirect_uri</h1>", 400)
        if "decision" not in params:
            return self._ask(params)
        back = {"state": params["state"]} if "state" in params else {}
        if params["decision"] == "allow":
            back["code"] = self._code(params, {value for name, value in pairs if name == "granted"})
        else:
            back |= {"error": "access_denied", "error_reason": "user_denied", "error_code": "200"}
            back["error_description"] = "Permissions error"
        return Answer(302, {"Location": f"{params['redirect_uri']}?{urlencode(back)}"})

    def _ask(self, params: dict[str, str]) -> Answer:
        user = next(iter(self.world.users.values()))
        boxes = "".join(
            f'<p><label><input type="checkbox" name="granted" value="{escape(scope)}" checked> '
            f"{escape(scope)}</label></p>"
            for scope in params.get("scope", "").split(",")
        )
        hidden = "".join(
            f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
            for name, value in params.items()
        )
        return _page(ASK.format(name=escape(user.name), boxes=boxes, hidden=hidden))

    def _code(self, params: dict[str, str], granted: set[str]) -> str:
        code = f"sandboxcode{next(self._numbers)}"
        declined = set(params.get("scope", "").split(",")) - granted
        user_id = next(iter(self.world.users))
        expires_at = self.world.clock.now() + CODE_SECONDS
        self.codes[code] = Code(user_id, params["redirect_uri"], granted, declined, expires_at)
        return code

    def token(self, request: Request) -> dict[str, str | int]:
        params, switches = request.params, self.switches
        if params.get("client_id") != switches.app_id or (
            switches.app_secret is not None and params.get("client_secret") != switches.app_secret
        ):
            raise GraphFailure(1, "Error validating client secret.")
        if params.get("grant_type") == "fb_exchange_token":
            return self._longer(params.get("fb_exchange_token", ""))
        return self._first(params)

    def _first(self, params: dict[str, str]) -> dict[str, str | int]:
        code = self.codes.pop(params.get("code", ""), None)
        if code is None or self.world.clock.now() >= code.expires_at:
            raise GraphFailure(100, "This authorization code has expired or has been used.")
        if code.return_address != params.get("redirect_uri"):
            raise GraphFailure(100, "Error validating verification code. Use the same redirect_uri.")
        return self._given(code.user_id, HOUR, granted=code.granted, declined=code.declined)

    def _longer(self, value: str) -> dict[str, str | int]:
        token = self.world.tokens.get(value)
        if token is None or token.problem(self.world.clock.now()) is not None:
            raise bad_token(status=self.switches.token_error_status)
        kept = {"granted": token.granted, "declined": token.declined, "only_for": token.only_for}
        return self._given(token.holder_id, LONG_SECONDS, **kept)

    def _given(self, holder_id: str, seconds: int, **fields: Any) -> dict[str, str | int]:
        value = f"EAAsandboxLogin{next(self._numbers):08}"
        until = self.world.clock.now() + seconds
        self.world.add_token(value, holder_id, "USER", expires_at=until, **fields)
        return {"access_token": value, "token_type": "bearer", "expires_in": seconds}


def _page(html: str, status: int = 200) -> Answer:
    return Answer(status, {"Content-Type": "text/html; charset=UTF-8"}, html.encode())
