"""Connecting a Page: is this its token, and what does Facebook let us see with it?"""

import re
from dataclasses import dataclass, field

from django.conf import settings

from conversations.graph.client import GraphClient
from conversations.graph.errors import GraphError
from conversations.models import Page

NEEDED = {"pages_messaging", "pages_manage_metadata", "pages_read_engagement"}


class ConnectionRefused(Exception):
    """Nothing was stored; the text says why and what to do."""


@dataclass
class Connection:
    """A Page that is connected now. `notes`: what else there is to know, a sentence each."""

    page: Page
    created: bool
    notes: list[str] = field(default_factory=list)


def connect_page(facebook_page_id: str, token: str, *, name: str = "") -> Connection:
    """Stores the Page with its token, once Facebook has confirmed that they belong together.

    Raises ConnectionRefused, and GraphError where Facebook refuses or cannot be reached.
    """
    if not re.fullmatch(r"[\x21-\x7e]+", token):
        raise ConnectionRefused("That is no access token: it is empty or has characters that no token has.")
    client = GraphClient(
        token,
        url=settings.GRAPH_API_URL,
        version=settings.GRAPH_API_VERSION,
        app_secret=settings.FACEBOOK_APP_SECRET,
        calls_per_second=settings.GRAPH_CALLS_PER_SECOND,
        retry_seconds=settings.GRAPH_RETRY_SECONDS,
    )
    try:
        found = _confirmed(client, facebook_page_id)
        instagram, notes = _learn(client, facebook_page_id)
    finally:
        client.close()
    name = name or str(found.get("name") or "")
    page, created = Page.objects.update_or_create(
        facebook_page_id=facebook_page_id,
        defaults={
            "access_token": token,
            "state": Page.State.CONNECTED,
            "state_reason": "",
            **({"name": name} if name else {}),
            **({"instagram_account_id": instagram} if instagram else {}),
            "learnt": {"notes": notes},
        },
    )
    return Connection(page, created, notes)


def _confirmed(client: GraphClient, facebook_page_id: str) -> dict:
    """What Facebook says of the Page; refuses a token that is not this Page's own."""
    found = client.get(facebook_page_id, fields="id,name")
    owner = client.get("me", fields="id")
    for answer in (found, owner):
        if str(answer.get("id")) != facebook_page_id:
            raise ConnectionRefused(
                f"This is not the token of Page {facebook_page_id}: Facebook says that it belongs to "
                f"{answer.get('id')!s:.40}. Take the Page's own token, not a person's or another Page's."
            )
    return found


def _learn(client: GraphClient, facebook_page_id: str) -> tuple[str, list[str]]:
    """(Instagram account id, notes). Whatever Facebook does not tell is a note, never a reason to refuse."""
    instagram, account = (
        "",
        _asked(client, facebook_page_id, fields="instagram_business_account{id,username}"),
    )
    notes = []
    if account is None:
        notes.append("Facebook did not say whether an Instagram account belongs to the Page.")
    elif isinstance(linked := account.get("instagram_business_account"), dict) and linked.get("id"):
        instagram = str(linked["id"])
        notes.append(f"Instagram account: {linked.get('username') or instagram}.")
    else:
        notes.append("No Instagram account belongs to the Page.")
    return instagram, [*notes, *_permission_notes(client)]


def _permission_notes(client: GraphClient) -> list[str]:
    answer = _asked(client, "me/permissions")
    rows = answer.get("data") if answer else None
    if not isinstance(rows, list):
        return ["Facebook did not say which permissions the token has."]
    granted = {
        row.get("permission") for row in rows if isinstance(row, dict) and row.get("status") == "granted"
    }
    missing = sorted(NEEDED - granted)
    if missing:
        return [f"Missing permissions: {', '.join(missing)}. Without them conversations stay hidden."]
    return ["All permissions that reading conversations needs are granted."]


def _asked(client: GraphClient, path: str, **params: str) -> dict | None:
    try:
        return client.get(path, **params)
    except GraphError:
        return None
