"""Finds out whose token it is, and which Pages can be connected with it."""

from dataclasses import asdict, dataclass, field

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from conversations.connections import facebook_login
from conversations.connections.client import open_user_client
from conversations.connections.connect import (
    REQUIRED_PERMISSIONS,
    ConnectionRefused,
    ConnectResult,
    connect_page,
    granted_permissions,
    validate_token,
)
from conversations.connections.patience import Patience
from conversations.graph.accounts import Account, list_accounts
from conversations.graph.client import GraphClient
from conversations.graph.coercion import as_id
from conversations.graph.errors import GraphError, InvalidRequestError, shorten
from conversations.graph.probes.token import TokenFacts, token_facts
from conversations.models import Page, Platform

MAX_WAIT_SECONDS = 25  # in total: a person waits for the response
TASKS = {"MESSAGING", "MODERATE"}  # with one of them a person may read a Page's conversations
NO_PAGES = _(
    "Facebook shows no Page to this token. Allow pages_show_list (and business_management, where the Pages "
    "belong to a business portfolio) and choose the Pages in Facebook's dialog, then create a new token."
)
UNKNOWN_PAGES = _(
    "Facebook did not say for which of these Pages each permission was given: if one is missing, that "
    "Page's conversations stay hidden."
)
GRANT_FOR_PAGE = _(
    "Without it this Page's conversations stay hidden: select this Page, too, in Facebook's dialog (Edit "
    "settings), or at Facebook → Settings → Business integrations → your app → View and edit."
)
SHORT_LIVED = _(
    "Its Page tokens may expire within hours, because it could not be exchanged for a long-lived "
    "token: %(reason)s"
)


@dataclass
class DiscoveredPage:
    """A Page that the token shows; it can be connected if it has a `token`.

    `missing` has one sentence for each thing that the token may not do there.
    """

    id: str
    name: str
    token: str
    missing: list[str]

    def __repr__(self):
        return f"DiscoveredPage({self.id})"  # no token in a traceback


@dataclass
class TokenScope:
    """Whom a token belongs to and which Pages it shows. `holder` is the user's or Page's name at Facebook.

    `user_id` is the ID that the user has in the app of the token; "" for a Page.
    """

    holder: str
    is_page: bool
    pages: list[DiscoveredPage]
    notes: list[str] = field(default_factory=list)
    user_id: str = ""

    def to_json(self) -> dict:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: dict) -> "TokenScope":
        return cls(**stored | {"pages": [DiscoveredPage(**page) for page in stored["pages"]]})

    def page(self, facebook_page_id: str) -> DiscoveredPage | None:
        return next((page for page in self.pages if page.id == facebook_page_id), None)


def inspect_token(token: str) -> TokenScope:
    """Ask Facebook for the scope of a user's or Page's token. Raises ConnectionRefused and GraphError."""
    validate_token(token)
    with open_user_client(token, patience()) as client:
        owner = client.get("me", fields="id,name")
        holder = shorten(str(owner.get("name") or owner.get("id") or ""), token, 200)
        if not _request_accounts(client):
            page = DiscoveredPage(str(owner.get("id")), holder, token, [])
            facts = _facts(client, token)
            page.missing = _missing_permissions(page.id, facts, facts.scopes) if facts else []
            return TokenScope(holder, True, [page])
    long_lived, notes = _exchange_token(token)
    with open_user_client(long_lived, patience()) as client:
        facts = _facts(client, long_lived)
        granted = facts.scopes if facts else granted_permissions(client)
        pages = [_discovered_page(account, facts, granted, long_lived) for account in list_accounts(client)]
    if facts is None and granted is not None:
        notes.append(str(UNKNOWN_PAGES))
    if not pages:
        raise ConnectionRefused(NO_PAGES)
    pages.sort(key=lambda page: page.name.casefold())
    return TokenScope(holder, False, pages, notes, as_id(owner.get("id")))


def connect_discovered(
    page: DiscoveredPage, *, history_days: int | None = None, connected_by: str = ""
) -> ConnectResult:
    """Connect the Page like connect_page(), but wait less. A name that was set here is kept."""
    if not page.token:
        raise ConnectionRefused(" ".join(page.missing))
    known = Page.objects.filter(facebook_page_id=page.id).values_list("name", flat=True).first()
    return connect_page(
        page.id,
        page.token,
        patience(),
        name=known or "",
        history_days=history_days,
        connected_by=connected_by,
    )


def patience() -> Patience:
    """Return the hooks that end a request when a person would wait too long."""

    def give_up(error: GraphError, seconds: float) -> None:
        raise ConnectionRefused(
            gettext("%(error)s It would take another %(seconds)s seconds: try again later.")
            % {"error": error, "seconds": f"{seconds:.0f}"}
        )

    return Patience(MAX_WAIT_SECONDS, give_up)


def _request_accounts(client: GraphClient) -> bool:
    """Request an account. Return False if Facebook refuses: only users (and system users) have accounts."""
    try:
        client.get("me/accounts", fields="id", limit=1)
    except InvalidRequestError:
        return False
    return True


def _exchange_token(token: str) -> tuple[str, list[str]]:
    if not facebook_login.is_configured():
        return token, [
            SHORT_LIVED
            % {"reason": gettext("set FACEBOOK_APP_ID and FACEBOOK_APP_SECRET, or use a long-lived token.")}
        ]
    try:
        return facebook_login.exchange_for_long_lived(token), []
    except GraphError as error:
        return token, [SHORT_LIVED % {"reason": error}]


def _facts(client: GraphClient, token: str) -> TokenFacts | None:
    try:
        return token_facts(client, token, app_token=facebook_login.app_token())
    except GraphError:
        return None


def _discovered_page(
    account: Account, facts: TokenFacts | None, granted: frozenset[str] | None, token: str
) -> DiscoveredPage:
    name = shorten(account.name, token, 200)
    missing = [*_missing_access(account), *_missing_permissions(account.id, facts, granted)]
    return DiscoveredPage(account.id, name, account.token, missing)


def _missing_access(account: Account) -> list[str]:
    if not account.token:
        reason = gettext(
            "Facebook gives no token for this Page: the person has no role on it that an app may use."
        )
        advice = gettext("Meta Business Suite → Settings → Business assets → Pages: assign the person.")
        return [f"{reason} {advice}"]
    if account.tasks is None:
        return [gettext("Facebook did not say which tasks the person has on this Page.")]
    if not TASKS & set(account.tasks):
        reason = gettext("The person lacks the task Messages on this Page.")
        advice = gettext("Meta Business Suite → Settings → People: give access to the Page's messages.")
        return [f"{reason} {advice}"]
    return []


def _missing_permissions(page_id: str, facts: TokenFacts | None, granted: frozenset[str] | None) -> list[str]:
    """Return a sentence for each group of missing permissions.

    `granted` are those granted for any Page. `facts` tell for which Pages, if Facebook does.
    """
    if granted is None:
        return [gettext("Facebook did not say which permissions the token has.")]
    needed = REQUIRED_PERMISSIONS[Platform.MESSENGER]
    here = facts.granted({page_id}) if facts else granted
    sentences = []
    if missing := sorted(needed - granted):
        where = gettext(
            "allow it in Facebook's dialog, or at Facebook → Settings → Business integrations → your app"
        )
        sentences.append(
            gettext("Missing: %(permissions)s. Without it conversations stay hidden: %(where)s.")
            % {"permissions": ", ".join(missing), "where": where}
        )
    if elsewhere := sorted(needed & granted - here):
        sentences.append(
            gettext("Allowed for other Pages only: %(permissions)s. %(advice)s")
            % {"permissions": ", ".join(elsewhere), "advice": GRANT_FOR_PAGE}
        )
    return sentences
