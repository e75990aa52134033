"""Connects a Page: verifies its token at Facebook, stores both, and reports what the token may do."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from conversations.connections import subscription
from conversations.connections.client import open_client
from conversations.graph.accounts import list_accounts
from conversations.graph.client import GraphClient
from conversations.graph.errors import (
    AccessTokenError,
    ActionRequiredError,
    GraphError,
    InvalidRequestError,
    NotFoundError,
    PageMovedError,
    shorten,
)
from conversations.graph.options import Hooks
from conversations.graph.probes.token import TokenFacts, granted_to, token_facts
from conversations.lib.notify import notify_changes
from conversations.models import Page, Platform
from conversations.models.audit import Action, record

REQUIRED_PERMISSIONS = {
    Platform.MESSENGER: {"pages_messaging", "pages_manage_metadata", "pages_read_engagement"},
    Platform.INSTAGRAM: {"instagram_basic", "instagram_manage_messages", "pages_manage_metadata"},
}
EXPIRY_WARNING_DAYS = 14
MAX_NAME_LENGTH = 200
MAX_PAGES_NAMED = 5
ADDRESS_BAR = _(
    "The address bar of facebook.com shows another ID for some Pages, for example after profile.php?id=."
)

Mark = Literal["ok", "note", "act"]  # no problem; for information; a person must act


class ConnectionRefused(Exception):
    """Nothing was stored. The text says why and what to do."""


@dataclass(frozen=True)
class Finding:
    """One result of a check. `key` and `mark` are for programs, `subject` and `answer` for people."""

    key: str
    subject: str
    answer: str
    mark: Mark = "ok"

    def __str__(self):
        return f"{self.subject}: {self.answer}"


@dataclass
class ConnectResult:
    """A connected Page. `notes` has the findings about it, one sentence each."""

    page: Page
    created: bool
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class InstagramAccount:
    """The Instagram account of a Page. `id` is empty if there is none, or if it is not known.

    `other_ids` are further IDs of the account.
    """

    id: str = ""
    username: str = ""
    is_known: bool = True
    other_ids: tuple[str, ...] = ()


def connect_page(
    facebook_page_id: str,
    token: str,
    hooks: Hooks | None = None,
    *,
    name: str = "",
    history_days: int | None = None,
    connected_by: str = "",
) -> ConnectResult:
    """Store the Page with its token after Facebook has confirmed that they belong together.

    A Page that is connected again keeps its data. `history_days`: the first sync inserts conversations that
    are older as done (0: none); None leaves it as it is. `connected_by`: the ID of the person whose token it
    is, if it is known; else Facebook may tell. Raises ConnectionRefused, and GraphError if Facebook
    refuses or cannot be reached.
    """
    validate_token(token)
    with open_client(facebook_page_id, token, hooks) as client:
        facebook_name = fetch_page_name(client, facebook_page_id)
        instagram = fetch_instagram_account(client, facebook_page_id)
        facts = read_token_facts(client, token)
        findings = [instagram_finding(instagram)]
        findings += token_findings(client, facts, facebook_page_id, instagram)
    notes = [str(finding) for finding in findings]
    values: dict[str, Any] = {"access_token": token, "name": name or facebook_name}
    values |= access_columns(facts, {facebook_page_id, instagram.id} - {""})
    if history_days is not None:
        values["history_days"] = history_days
    owner = _short(connected_by or (facts.user_id if facts else ""))
    page, created = _store(facebook_page_id, values, instagram, notes, owner)
    return ConnectResult(page, created, [*notes, *_subscribe(page, hooks)])


def _subscribe(page: Page, hooks: Hooks | None) -> list[str]:
    """Subscribe to the webhooks of the Page. Return notes: a refusal does not undo the connection."""
    if not subscription.subscribes_when_connected():
        return []
    try:
        subscription.check_subscription(page, hooks, subscribes=True)
    except (GraphError, ConnectionRefused) as error:
        return [f"Webhooks: not subscribed. {describe_failure(error)}"]
    return [f"Webhooks: subscribed. {page.live_reason}".strip()]


def describe_failure(error: Exception) -> str:
    """Return why a Page was not connected, with all that Facebook says about it."""
    return error.full_text if isinstance(error, GraphError) else str(error)


def validate_token(token: str) -> None:
    """Raise ConnectionRefused if the text cannot be an access token."""
    if not re.fullmatch(r"[\x21-\x7e]+", token):
        raise ConnectionRefused(
            gettext("This is not an access token: it is empty or contains invalid characters.")
        )


@transaction.atomic
def _store(
    facebook_page_id: str,
    values: dict[str, Any],
    instagram: InstagramAccount,
    notes: list[str],
    connected_by: str,
) -> tuple[Page, bool]:
    """Store the Page with these values of its columns. An empty one leaves the column as it is."""
    page, created = Page.objects.select_for_update().get_or_create(facebook_page_id=facebook_page_id)
    for column, value in values.items():
        setattr(page, column, getattr(page, column) if value == "" else value)
    record(Action.PAGE_CONNECTED, target=page, again=not created)
    page.connected_by = connected_by  # also an empty one: the former token is gone
    page.mark_connected()
    page.capabilities = page.capabilities | {"notes": notes}
    add_instagram(page, instagram)
    page.save()
    notify_changes([page.pk])
    return page, created


def add_instagram(page: Page, instagram: InstagramAccount) -> None:
    """Set the account of the Page. One that Facebook no longer shows is kept: its messages are stored."""
    if instagram.id:
        known = {"", instagram.id, page.facebook_page_id, *page.business_aliases}
        others = {page.instagram_account_id, *instagram.other_ids} - known
        page.business_aliases |= {key: {"source": "account", "applied": False} for key in sorted(others)}
        page.instagram_account_id = instagram.id
        page.instagram_username = instagram.username or page.instagram_username
        page.platforms = list(dict.fromkeys([*page.platforms, Platform.INSTAGRAM.value]))


def fetch_page_name(client: GraphClient, facebook_page_id: str) -> str:
    """Return the Page's name at Facebook. Raises ConnectionRefused if the token is not the Page's own."""
    try:
        shown = client.get(facebook_page_id, fields="id,name")
    except (ActionRequiredError, NotFoundError, InvalidRequestError) as error:
        if isinstance(error, AccessTokenError | PageMovedError):
            raise
        _explain_unknown_id(client, facebook_page_id, error)
        raise
    owner = client.get("me", fields="id")
    for node in (shown, owner):
        if str(node.get("id")) != facebook_page_id:
            raise ConnectionRefused(_describe_owner(client, facebook_page_id, str(node.get("id"))))
    return _short(shown.get("name"))


def _explain_unknown_id(client: GraphClient, facebook_page_id: str, error: GraphError) -> None:
    """Raise ConnectionRefused if the token belongs to another ID: then the ID is wrong, and not the token."""
    try:
        owner = str(client.get("me", fields="id").get("id"))
    except GraphError:
        raise error from None
    if owner != facebook_page_id:
        raise ConnectionRefused(_describe_owner(client, facebook_page_id, owner)) from None


def _describe_owner(client: GraphClient, facebook_page_id: str, owner: str) -> str:
    """Say to whom the token belongs, and which ID to connect instead."""
    refusal = (
        gettext("This is not the token of Page %(page)s: Facebook says that it belongs to %(owner)s.")
    ) % {"page": facebook_page_id, "owner": owner[:40]}
    try:
        pages = [(page.id, page.name) for page in list_accounts(client)]
    except InvalidRequestError:  # only people have accounts
        name = _short(client.get("me", fields="id,name").get("name"))
        own = f"{name} ({owner:.40})" if name else owner[:40]
        other = gettext("The ID of the Page of this token is %(owner)s: to connect %(name)s, use that ID.")
        this = gettext("To connect Page %(page)s, use its own token.") % {"page": facebook_page_id}
        return f"{refusal} {other % {'owner': owner[:40], 'name': own}} {ADDRESS_BAR} {this}"
    except GraphError:
        pages = []
    advice = gettext("Use the Page's own token, not that of a person or another Page.")
    return f"{refusal} {advice}{_list_pages(pages)}"


def _list_pages(pages: list[tuple[str, str]]) -> str:
    if not pages:
        return ""
    shown = [f"{_short(name) or gettext('a Page')} ({page_id})" for page_id, name in pages[:MAX_PAGES_NAMED]]
    names = {"pages": ", ".join(shown), "number": len(pages) - MAX_PAGES_NAMED}
    if len(pages) > MAX_PAGES_NAMED:
        text = gettext("The Pages of this person are %(pages)s and %(number)s more.") % names
    else:
        text = gettext("The Pages of this person are %(pages)s.") % names
    return f" {text} {ADDRESS_BAR}"


def _short(value: object) -> str:
    """Return the value as text that every terminal and database accepts."""
    return shorten(str(value or ""), "", MAX_NAME_LENGTH)


# -- additional findings: what Facebook does not tell is a note, never a reason to refuse -------------------
def fetch_instagram_account(client: GraphClient, facebook_page_id: str) -> InstagramAccount:
    """Return the Instagram account that is linked to the Page. Does not raise GraphError."""
    try:
        body = client.get(facebook_page_id, fields="instagram_business_account{id,username}")
    except GraphError:
        return InstagramAccount(is_known=False)
    linked = body.get("instagram_business_account")
    if not isinstance(linked, dict) or not linked.get("id"):
        return InstagramAccount()
    others = [_short(linked[name]) for name in ("user_id", "ig_id") if linked.get(name)]
    return InstagramAccount(_short(linked["id"]), _short(linked.get("username")), other_ids=tuple(others))


def instagram_finding(instagram: InstagramAccount) -> Finding:
    if not instagram.is_known:
        answer = "Facebook did not say whether the Page has an account"
        return Finding("instagram", "Instagram account", answer, "note")
    return Finding("instagram", "Instagram account", instagram.username or instagram.id or "none")


def read_token_facts(client: GraphClient, token: str) -> TokenFacts | None:
    """Return what Facebook says about the token; None if it says nothing. Does not raise GraphError."""
    try:
        return token_facts(client, token)
    except GraphError:
        return None


def access_columns(facts: TokenFacts | None, ids: set[str]) -> dict[str, Any]:
    """Return the columns of a Page with these IDs that say what the token may, and until when."""
    ends = [facts.expires_at, facts.data_access_expires_at] if facts else []
    known = [seconds for seconds in ends if seconds]  # 0: never
    return {
        "access_ends_at": datetime.fromtimestamp(min(known), UTC) if known else None,
        "access_checked_at": timezone.now(),
        "permissions": sorted(facts.granted(ids)) if facts else None,
    }


def token_findings(
    client: GraphClient, facts: TokenFacts | None, facebook_page_id: str, instagram: InstagramAccount
) -> list[Finding]:
    """Return findings about the permissions and the expiry of the token."""
    ids = {facebook_page_id, instagram.id} - {""}
    granted = facts.granted(ids) if facts else granted_permissions(client)
    return [_permissions(granted, instagram), *_expiry(facts)]


def granted_permissions(client: GraphClient) -> frozenset[str] | None:
    """Return the permissions granted for any Page, None if Facebook does not say. Raises no GraphError."""
    try:
        return granted_to(client)
    except GraphError:
        return None


def _permissions(granted: frozenset[str] | None, instagram: InstagramAccount) -> Finding:
    if granted is None:
        return Finding(
            "permissions", "Permissions", "Facebook did not say which permissions the token has", "note"
        )
    missing = sorted(REQUIRED_PERMISSIONS[Platform.MESSENGER] - granted)
    if missing:
        answer = f"missing: {', '.join(missing)}. Without them conversations stay hidden: allow them, and "
        return Finding("permissions", "Permissions", f"{answer}connect the Page again", "act")
    missing = sorted(REQUIRED_PERMISSIONS[Platform.INSTAGRAM] - granted) if instagram.id else []
    if missing:
        answer = f"missing for Instagram: {', '.join(missing)}. Its messages stay hidden"
        return Finding("permissions", "Permissions", answer, "note")
    return Finding("permissions", "Permissions", "all that are needed to read conversations are granted")


def _expiry(facts: TokenFacts | None) -> list[Finding]:
    if facts is None:
        return [Finding("expires", "Expiry", "Facebook did not say when the token expires", "note")]
    return [
        _expiry_finding("expires", "Token expires", facts.expires_at),
        _expiry_finding("data_access", "Data access expires", facts.data_access_expires_at),
    ]


def _expiry_finding(key: str, subject: str, seconds: int | None) -> Finding:
    if seconds is None:
        return Finding(key, subject, "Facebook did not say when", "note")
    if seconds == 0:
        return Finding(key, subject, "never")
    moment = datetime.fromtimestamp(seconds, UTC)
    days = (moment - timezone.now()).days
    if days < 0:
        return Finding(key, subject, f"expired on {moment:%Y-%m-%d}: connect the Page again", "note")
    when = f"on {moment:%Y-%m-%d}, in {days} day{'s' * (days != 1)}"
    if days < EXPIRY_WARNING_DAYS:
        return Finding(key, subject, f"{when}: connect the Page again before then", "note")
    return Finding(key, subject, when)
