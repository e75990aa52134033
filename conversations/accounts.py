"""Whose token is it, and which Pages can be connected with it?"""

from dataclasses import asdict, dataclass, field

from conversations import facebook_login
from conversations.clients import open_person_client
from conversations.connecting import NEEDED, Connection, ConnectionRefused, connect_page, require_token
from conversations.graph.accounts import Account, list_accounts
from conversations.graph.client import GraphClient
from conversations.graph.errors import GraphError, RefusedRequestError, in_short
from conversations.graph.gate import Waiting
from conversations.graph.probes.token import TokenFacts, granted_to, token_facts
from conversations.models import Page, Platform

LONGEST_WAIT_SECONDS = 25  # in all: somebody sits before it
TASKS = {"MESSAGING", "MODERATE"}  # one of them lets a person read a Page's conversations
NO_PAGES = (
    "Facebook shows no Page to this token. Allow pages_show_list (and business_management, where the Pages "
    "belong to a business portfolio) and choose the Pages in Facebook's dialogue, then take a new token."
)
UNTOLD = (
    "Facebook did not say for which of these Pages each permission was given: where one is missing, that "
    "Page's conversations stay hidden."
)
TICK = (
    "Without it this Page's conversations stay hidden: tick this Page, too, in Facebook's dialogue (Edit "
    "settings), or at Facebook → Settings → Business integrations → your app → View and edit."
)
SHORT = "Page tokens from it may end within hours, as it could not be exchanged for a long-lived one: "


@dataclass
class SeenPage:
    """`lacks`: what the token may not do there, a sentence each; it can be connected where it has a token."""

    id: str
    name: str
    token: str
    lacks: list[str]

    def __repr__(self):
        return f"SeenPage({self.id})"


@dataclass
class Seen:
    """What a token shows. `holder`: the person's or Page's name at Facebook."""

    holder: str
    is_page: bool
    pages: list[SeenPage]
    notes: list[str] = field(default_factory=list)

    def to_json(self) -> dict:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: dict) -> "Seen":
        return cls(**stored | {"pages": [SeenPage(**page) for page in stored["pages"]]})

    def page(self, facebook_page_id: str) -> SeenPage | None:
        return next((page for page in self.pages if page.id == facebook_page_id), None)


def look(token: str) -> Seen:
    """Asks Facebook what this token of a person or a Page is for. Raises ConnectionRefused and GraphError."""
    require_token(token)
    with open_person_client(token, on_wait=impatient()) as client:
        owner = client.get("me", fields="id,name")
        holder = in_short(str(owner.get("name") or owner.get("id") or ""), token, 200)
        if not _is_person(client):
            page = SeenPage(str(owner.get("id")), holder, token, [])
            facts = _facts(client, token)
            page.lacks = _missing(page.id, facts, facts.scopes) if facts else []
            return Seen(holder, True, [page])
    lasting, notes = _long_lived(token)
    with open_person_client(lasting, on_wait=impatient()) as client:
        facts = _facts(client, lasting)
        granted = facts.scopes if facts else _granted(client)
        pages = [_seen(account, facts, granted, lasting) for account in list_accounts(client)]
    if facts is None and granted is not None:
        notes.append(UNTOLD)
    if not pages:
        raise ConnectionRefused(NO_PAGES)
    return Seen(holder, False, sorted(pages, key=lambda page: page.name.casefold()), notes)


def connect_seen(page: SeenPage) -> Connection:
    """As connect_page(), with less patience; a name given here stays."""
    if not page.token:
        raise ConnectionRefused(" ".join(page.lacks))
    known = Page.objects.filter(facebook_page_id=page.id).values_list("name", flat=True).first()
    return connect_page(page.id, page.token, name=known or "", on_wait=impatient())


def impatient() -> Waiting:
    """Ends what would keep a person waiting for long."""
    waited = 0.0

    def wait(error: GraphError, seconds: float) -> None:
        nonlocal waited
        waited += seconds
        if waited > LONGEST_WAIT_SECONDS:
            raise ConnectionRefused(f"{error} It would take {seconds:.0f} seconds more: try again later.")

    return wait


def _is_person(client: GraphClient) -> bool:
    """Only persons (and system users) have accounts: Facebook refuses the question for a Page."""
    try:
        client.get("me/accounts", fields="id", limit=1)
    except RefusedRequestError:
        return False
    return True


def _long_lived(token: str) -> tuple[str, list[str]]:
    if not facebook_login.is_set_up():
        return token, [SHORT + "set FACEBOOK_APP_ID and FACEBOOK_APP_SECRET, or take a long-lived token."]
    try:
        return facebook_login.long_lived(token), []
    except GraphError as error:
        return token, [f"{SHORT}{error}"]


def _facts(client: GraphClient, token: str) -> TokenFacts | None:
    try:
        return token_facts(client, token, app_token=facebook_login.app_token())
    except GraphError:
        return None


def _granted(client: GraphClient) -> frozenset[str] | None:
    try:
        return granted_to(client)
    except GraphError:
        return None


def _seen(account: Account, facts: TokenFacts | None, granted: frozenset[str] | None, token: str) -> SeenPage:
    name = in_short(account.name, token, 200)
    lacks = [*_lacking(account), *_missing(account.id, facts, granted)]
    return SeenPage(account.id, name, account.token, lacks)


def _lacking(account: Account) -> list[str]:
    if not account.token:
        yours = "Facebook gives no token for this Page: the person has no role on it that an app may use."
        return [f"{yours} Meta Business Suite → Settings → Business assets → Pages: assign the person."]
    if account.tasks is None:
        return ["Facebook did not say which tasks the person has on this Page."]
    if not TASKS & set(account.tasks):
        missing = "The person lacks the task Messages on this Page."
        return [f"{missing} Meta Business Suite → Settings → People: give access to the Page's messages."]
    return []


def _missing(page_id: str, facts: TokenFacts | None, granted: frozenset[str] | None) -> list[str]:
    """`granted`: anywhere. For which Pages, `facts` tell, where Facebook does."""
    if granted is None:
        return ["Facebook did not say which permissions the token has."]
    needed = NEEDED[Platform.MESSENGER]
    here = facts.granted({page_id}) if facts else granted
    said = []
    if missing := sorted(needed - granted):
        where = (
            "allow it in Facebook's dialogue, or at Facebook → Settings → Business integrations → your app"
        )
        said.append(f"Missing: {', '.join(missing)}. Without it conversations stay hidden: {where}.")
    if elsewhere := sorted(needed & granted - here):
        said.append(f"Allowed for other Pages only: {', '.join(elsewhere)}. {TICK}")
    return said
