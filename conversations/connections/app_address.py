"""Where Facebook sends the webhooks of our app: one address for each object, which is set for the whole app.

An address of somebody else is never replaced: another installation may use the same app.
"""

from dataclasses import dataclass

from django.conf import settings

from conversations.connections import facebook_login
from conversations.connections.client import open_user_client
from conversations.connections.subscription import FIELDS, field_name
from conversations.graph.client import GraphClient
from conversations.graph.coercion import as_dict, as_edge, as_text
from conversations.graph.options import Hooks
from conversations.lib.routes import WEBHOOKS
from conversations.models import Page

# Graph names them in the singular for the object Instagram.
INSTAGRAM_FIELDS = (
    "messages",
    "message_edit",
    "message_reactions",
    "messaging_postbacks",
    "messaging_referral",
    "messaging_seen",
    "standby",
)
OBJECTS = {"page": FIELDS, "instagram": INSTAGRAM_FIELDS}


@dataclass(frozen=True)
class ObjectAddress:
    """What the app has for an object: `url` is empty if it has none."""

    name: str
    url: str = ""
    is_active: bool = True
    missing: tuple[str, ...] = ()

    @property
    def is_right(self) -> bool:
        return self.url == public_address() and self.is_active and not self.missing


def public_address() -> str:
    """Return the address that Facebook calls; empty without PUBLIC_URL."""
    return f"{settings.PUBLIC_URL}{WEBHOOKS}" if settings.PUBLIC_URL else ""


def objects_of(page: Page) -> list[str]:
    """Return the objects whose webhooks tell of the Page."""
    return ["page", *(["instagram"] if page.instagram_account_id else [])]


def check_addresses(objects: list[str], hooks: Hooks | None = None, *, mends: bool) -> list[ObjectAddress]:
    """Return the address of each object. `mends`: set ours where there is none, and add missing fields.

    Facebook verifies an address at once, so this installation must be reachable. Needs the app's ID and
    secret. Raises GraphError.
    """
    with open_user_client(facebook_login.app_token(), hooks) as client:
        found = [_read(client, name) for name in objects]
        return [_mend(client, each) if mends else each for each in found]


def _path() -> str:
    return f"{settings.FACEBOOK_APP_ID}/subscriptions"


def _read(client: GraphClient, name: str) -> ObjectAddress:
    for raw in map(as_dict, as_edge(client.get(_path()))):
        if as_text(raw.get("object")) == name:
            known = {field_name(field) for field in as_edge(raw.get("fields"))}
            missing = tuple(field for field in OBJECTS[name] if field not in known)
            return ObjectAddress(
                name, as_text(raw.get("callback_url")), raw.get("active") is not False, missing
            )
    return ObjectAddress(name, missing=OBJECTS[name])


def _mend(client: GraphClient, found: ObjectAddress) -> ObjectAddress:
    if found.is_right or found.url not in ("", public_address()):
        return found
    client.post(
        _path(),
        object=found.name,
        callback_url=public_address(),
        verify_token=settings.FACEBOOK_VERIFY_TOKEN,
        fields=",".join(OBJECTS[found.name]),
    )
    return _read(client, found.name)
