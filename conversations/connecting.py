"""Connecting a Page: is this its token, and what does Facebook let us see with it?"""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from django.db import transaction
from django.utils import timezone

from conversations.clients import open_client
from conversations.graph.client import GraphClient
from conversations.graph.errors import GraphError, in_short
from conversations.graph.gate import Waiting
from conversations.graph.probes.token import TokenFacts, granted_to, token_facts
from conversations.models import Page, Platform

NEEDED = {
    Platform.MESSENGER: {"pages_messaging", "pages_manage_metadata", "pages_read_engagement"},
    Platform.INSTAGRAM: {"instagram_basic", "instagram_manage_messages", "pages_manage_metadata"},
}
SOON_DAYS = 14
LONGEST_NAME = 200

Mark = Literal["ok", "note", "act"]  # all is well; good to know; a person must act


class ConnectionRefused(Exception):
    """Nothing was stored; the text says why and what to do."""


@dataclass(frozen=True)
class Finding:
    """One thing that Facebook told us, or did not tell. `key` is for programs, the rest for an owner."""

    key: str
    subject: str
    answer: str
    mark: Mark = "ok"

    def __str__(self):
        return f"{self.subject}: {self.answer}"


@dataclass
class Connection:
    """A Page that is connected now. `notes`: what else there is to know, a sentence each."""

    page: Page
    created: bool
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Instagram:
    """The account that belongs to a Page; no id: there is none, or Facebook has not `told`."""

    id: str = ""
    username: str = ""
    told: bool = True


def connect_page(
    facebook_page_id: str,
    token: str,
    *,
    name: str = "",
    on_wait: Waiting = lambda error, seconds: None,
) -> Connection:
    """Stores the Page with its token, once Facebook has confirmed that they belong together.

    A Page that is connected again keeps everything it had. Raises ConnectionRefused, and GraphError where
    Facebook refuses or cannot be reached.
    """
    require_token(token)
    with open_client(facebook_page_id, token, on_wait=on_wait) as client:
        found = confirmed_name(client, facebook_page_id)
        instagram = linked_instagram(client, facebook_page_id)
        findings = [instagram_finding(instagram)]
        findings += token_findings(client, token, facebook_page_id, instagram)
    notes = [str(finding) for finding in findings]
    page, created = _store(facebook_page_id, token, name or found, instagram, notes)
    return Connection(page, created, notes)


def require_token(token: str) -> None:
    if not re.fullmatch(r"[\x21-\x7e]+", token):
        raise ConnectionRefused("That is no access token: it is empty or has characters that no token has.")


@transaction.atomic
def _store(
    facebook_page_id: str, token: str, name: str, instagram: Instagram, notes: list[str]
) -> tuple[Page, bool]:
    page, created = Page.objects.select_for_update().get_or_create(facebook_page_id=facebook_page_id)
    page.access_token, page.name = token, name or page.name
    page.state, page.state_reason = Page.State.CONNECTED, ""
    page.learnt = page.learnt | {"notes": notes}
    add_instagram(page, instagram)
    page.save()
    return page, created


def add_instagram(page: Page, instagram: Instagram) -> None:
    """An account that Facebook does not show today is not forgotten: its messages are still here."""
    if instagram.id:
        page.instagram_account_id = instagram.id
        page.platforms = list(dict.fromkeys([*page.platforms, Platform.INSTAGRAM.value]))


def confirmed_name(client: GraphClient, facebook_page_id: str) -> str:
    """The Page's name at Facebook. ConnectionRefused: the token is not this Page's own."""
    found = client.get(facebook_page_id, fields="id,name")
    owner = client.get("me", fields="id")
    for answer in (found, owner):
        if str(answer.get("id")) != facebook_page_id:
            raise ConnectionRefused(
                f"This is not the token of Page {facebook_page_id}: Facebook says that it belongs to "
                f"{answer.get('id')!s:.40}. Take the Page's own token, not a person's or another Page's."
            )
    return _short(found.get("name"))


def _short(value: object) -> str:
    """What any terminal and database can hold."""
    return in_short(str(value or ""), "", LONGEST_NAME)


# -- what is only good to know: whatever Facebook does not tell is a note, never a reason to refuse ---------
def linked_instagram(client: GraphClient, facebook_page_id: str) -> Instagram:
    try:
        answer = client.get(facebook_page_id, fields="instagram_business_account{id,username}")
    except GraphError:
        return Instagram(told=False)
    linked = answer.get("instagram_business_account")
    if not isinstance(linked, dict) or not linked.get("id"):
        return Instagram()
    return Instagram(_short(linked["id"]), _short(linked.get("username")))


def instagram_finding(instagram: Instagram) -> Finding:
    if not instagram.told:
        words = "Facebook did not say whether an account belongs to the Page"
        return Finding("instagram", "Instagram account", words, "note")
    return Finding("instagram", "Instagram account", instagram.username or instagram.id or "none")


def token_findings(
    client: GraphClient, token: str, facebook_page_id: str, instagram: Instagram
) -> list[Finding]:
    """What it may do and how long it works."""
    try:
        facts = token_facts(client, token)
    except GraphError:
        facts = None
    ids = {facebook_page_id, instagram.id} - {""}
    granted = facts.granted(ids) if facts else _granted(client)
    return [_permissions(granted, instagram), *_expiry(facts)]


def _granted(client: GraphClient) -> frozenset[str] | None:
    try:
        return granted_to(client)
    except GraphError:
        return None


def _permissions(granted: frozenset[str] | None, instagram: Instagram) -> Finding:
    if granted is None:
        return Finding(
            "permissions", "Permissions", "Facebook did not say which permissions the token has", "note"
        )
    missing = sorted(NEEDED[Platform.MESSENGER] - granted)
    if missing:
        words = f"missing: {', '.join(missing)}. Without them conversations stay hidden: allow them, and "
        return Finding("permissions", "Permissions", f"{words}connect the Page again", "act")
    missing = sorted(NEEDED[Platform.INSTAGRAM] - granted) if instagram.id else []
    if missing:
        words = f"missing for Instagram: {', '.join(missing)}. Its messages stay hidden"
        return Finding("permissions", "Permissions", words, "note")
    return Finding("permissions", "Permissions", "granted, all that reading conversations needs")


def _expiry(facts: TokenFacts | None) -> list[Finding]:
    if facts is None:
        return [Finding("expires", "Expiry", "Facebook did not say when the token expires", "note")]
    return [
        _clock("expires", "Token expires", facts.expires_at),
        _clock("data_access", "Access to data ends", facts.data_access_expires_at),
    ]


def _clock(key: str, subject: str, seconds: int | None) -> Finding:
    if seconds is None:
        return Finding(key, subject, "Facebook did not say when", "note")
    if seconds == 0:
        return Finding(key, subject, "never")
    moment = datetime.fromtimestamp(seconds, UTC)
    days = (moment - timezone.now()).days
    if days < 0:
        return Finding(key, subject, f"it did, on {moment:%Y-%m-%d}: connect the Page again", "note")
    when = f"on {moment:%Y-%m-%d}, in {days} day{'s' * (days != 1)}"
    if days < SOON_DAYS:
        return Finding(key, subject, f"{when}: connect the Page again before then", "note")
    return Finding(key, subject, when)
