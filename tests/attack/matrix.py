"""People x doors x acts: sends each request of the matrix to a live server and judges the answer.

What is refused is asked first, all of one address together, and must change no row. What is allowed and
writes gets a Page and a session of its own, because it may delete the one and end the other.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import groupby
from typing import Any

import requests
from django.test import Client
from django.utils import timezone
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from conversations.models import (
    Conversation,
    ConversationTag,
    Draft,
    Page,
    PageMember,
    SavedReply,
    SavedView,
    SyncRun,
)
from conversations.models.privacy import Erasure
from inbox.accounts.models import ApiKey
from tags.models import Tag

from . import acts, expectations, routes, world

KEYS = ["read key", "write key", "expired key"]  # of the manager
EVERYBODY = [*acts.WHO, *KEYS]
OTHER_METHODS = [*routes.METHODS, "OPTIONS", "TRACE"]
SAFE = {"GET", "HEAD", "OPTIONS", "TRACE"}
DONE = {200, 201, 202, 204, 302}
UNDERSTOOD = DONE | {400, 409, 502, 503}  # a request without a body that got past the permissions
CSRF = "attack" * 5 + "32"
SECONDS = 60
# The server may close a connection at the moment in which it is used again.
ONCE_MORE = Retry(1, allowed_methods=SAFE, raise_on_status=False)
TABLES = [
    Page,
    Tag,
    SyncRun,
    SavedReply,
    SavedView,
    Draft,
    Erasure,
    Conversation,
    ConversationTag,
    PageMember,
    ApiKey,
]
NOTED = {"last_used_at", "last_login"}  # written by reading


def asks_facebook(address: str) -> bool:
    return address.rstrip("/").endswith("/facebook")


@dataclass(frozen=True)
class Cell:
    who: str
    method: str
    address: str
    expected: str  # as in the tables
    get: str = ""  # what GET of the same address is expected to do, where the method is not offered
    is_allowed_otherwise: bool = False  # with a method that is offered at this very address
    body: Any = None
    text: str = ""
    is_bare: bool = False
    is_listed: bool = True

    def place(self) -> tuple:
        """What asks Facebook comes last of what changes nothing: a refusal is looked into minutes later."""
        return self.is_allowed_write, asks_facebook(self.address), self.address, self.method

    @property
    def door(self) -> str:
        top = self.address.split("/")[1]
        return {"api": "REST", "admin": "admin"}.get(top, "site")

    @property
    def is_allowed_write(self) -> bool:
        """Whether it may change rows or end the session."""
        is_logout = self.is_listed and "logout" in self.address
        return self.method not in SAFE and (is_logout or self.expected in ("ok", "own"))

    def __str__(self) -> str:
        return f"{self.who}: {self.method} {self.address}"


# -- the cells
def cells() -> list[Cell]:
    listed = [*cells_of_acts(), *cells_of_routes()]
    return [*listed, *cells_of_other_methods(listed)]


def cells_of_acts() -> Iterator[Cell]:
    for door, act, row in acts.ROWS:
        request, *more = acts.REQUESTS[door, act]
        method, address = request.split()
        body, text = [*more, None, ""][0] if more else None, more[1] if len(more) > 1 else ""
        yield from columns(Cell("", method.upper(), address, "", body=body, text=text), row)


def cells_of_routes() -> Iterator[Cell]:
    for method, address, row in expectations.ROWS:
        yield from columns(Cell("", method, address, "", is_bare=True), row)


def columns(cell: Cell, row: list[str]) -> Iterator[Cell]:
    by_person = dict(zip(acts.WHO, row, strict=True))
    for who in EVERYBODY:
        yield replace(cell, who=who, expected=by_person.get(who) or of_key(who, cell, by_person))


def of_key(who: str, cell: Cell, by_person: dict[str, str]) -> str:
    """What a key of the manager can do. Only REST knows keys."""
    if cell.door != "REST":
        return by_person["stranger"]
    if who == "expired key":
        return "login"
    return "refused" if who == "read key" and cell.method not in SAFE else by_person["manager"]


def cells_of_other_methods(listed: list[Cell]) -> Iterator[Cell]:
    """Methods that no row has. A view that is a function may answer them as it answers GET."""
    offered: dict[str, set[str]] = {}
    gets: dict[tuple[str, str], str] = {}
    addresses: dict[str, str] = {}
    allowed: set[tuple[str, str]] = set()
    for cell in listed:
        route = routes.route_of(cell.address)
        offered.setdefault(route, set()).add(cell.method)
        addresses.setdefault(route, cell.address)
        if cell.expected == "ok":
            allowed.add((cell.address, cell.who))
        if cell.method == "GET" and cell.door != "REST":
            is_page_without_words = bool(cell.text) and cell.expected == "hidden"
            gets.setdefault((route, cell.who), "own" if is_page_without_words else cell.expected)
    for route, address in addresses.items():
        for method in [one for one in OTHER_METHODS if one not in offered[route]]:
            for who in EVERYBODY:
                get, is_allowed = gets.get((route, who), ""), (address, who) in allowed
                yield Cell(who, method, address, "never", get, is_allowed, is_bare=True, is_listed=False)


def sample(all_cells: list[Cell], seed: int) -> list[Cell]:
    """One person for each listed row, and one odd method for every fourth route."""
    chooser, chosen = random.Random(seed), []  # reproducible, not secret
    for _, group in groupby(all_cells, lambda cell: (cell.method, cell.address, cell.text, id(cell.body))):
        row = list(group)
        if row[0].is_listed or chooser.random() < 1 / (4 * len(OTHER_METHODS)):
            chosen.append(chooser.choice(row))
    return chosen


# -- the people
@dataclass
class Cast:
    """Who attacks. Sessions are kept until a request of theirs may have ended them."""

    users: dict[str, Any] = field(default_factory=world.create_people)
    keys: dict[str, str] = field(default_factory=dict)
    sessions: dict[str, requests.Session] = field(default_factory=dict)

    def __post_init__(self) -> None:
        manager, past = self.users["manager"], timezone.now() - timedelta(minutes=1)
        self.keys = {
            "read key": ApiKey.issue(manager, "read", "read")[1],
            "write key": ApiKey.issue(manager, "write")[1],
            "expired key": ApiKey.issue(manager, "expired", expires_at=past)[1],
        }

    def session(self, who: str, *, anew: bool = False) -> requests.Session:
        if anew or who not in self.sessions:
            self.sessions[who] = self._sign_in(who)
        return self.sessions[who]

    def _sign_in(self, who: str) -> requests.Session:
        session = requests.Session()
        session.mount("http://", HTTPAdapter(max_retries=ONCE_MORE))
        session.headers["X-CSRFToken"] = CSRF
        session.cookies["csrftoken"] = CSRF
        if who in self.keys:
            session.headers["Authorization"] = f"Token {self.keys[who]}"
        elif who != "stranger":
            session.cookies["sessionid"] = self._new_session(who)
        return session

    def _new_session(self, who: str) -> str:
        browser = Client()
        browser.force_login(self.users[who])
        key = browser.session.session_key or ""
        if who == "ended":
            browser.session.delete()
        return key


# -- the requests
@dataclass
class Result:
    counts: Counter = field(default_factory=Counter)  # (door, who, outcome)
    faults: list[str] = field(default_factory=list)


class Attack:
    def __init__(self, url: str):
        self.url, self.cast, self.result = url, Cast(), Result()
        self.ids = world.create_page(self.cast.users)

    def run(self, chosen: Iterable[Cell], progress: Callable[[int], object] = lambda number: None) -> Result:
        chosen = sorted(chosen, key=Cell.place)
        harmless = [cell for cell in chosen if not cell.is_allowed_write]
        for address, group in groupby(harmless, lambda cell: cell.address):
            self._ask_without_change(address, list(group))
            progress(sum(self.result.counts.values()))
        for cell in chosen[len(harmless) :]:
            self._judge(cell, world.create_page(self.cast.users), self.cast.session(cell.who, anew=True))
            progress(sum(self.result.counts.values()))
        return self.result

    def _ask_without_change(self, address: str, group: list[Cell]) -> None:
        before = state()
        for cell in group:
            self._judge(cell, self.ids, self.cast.session(cell.who))
        keeps_answer = asks_facebook(address)  # the link that Facebook gives is kept
        if (changed := changes(before, state())) and not keeps_answer:
            self.result.faults.append(f"{address}: a refused request or a GET has changed {changed}")

    def _judge(self, cell: Cell, ids: dict[str, object], session: requests.Session) -> None:
        try:
            status, location, text = self._send(cell, ids, session)
        except requests.RequestException as error:
            self.result.faults.append(f"{cell}: {type(error).__name__}")
            return
        outcome = outcome_of(cell, status, location, text)
        self.result.counts[cell.door, cell.who, outcome] += 1
        if not is_expected(cell, outcome):
            self.result.faults.append(f"{cell}: {status}, {outcome} instead of {cell.expected}")
        self.result.faults += leaks(cell, outcome, text)

    def _send(self, cell: Cell, ids: dict[str, object], session: requests.Session) -> tuple[int, str, str]:
        body = world.filled(cell.body, ids)
        options: dict[str, Any] = {"json" if cell.door == "REST" else "data": body}
        if cell.door == "REST":
            options["headers"] = {"Prefer": "respond-async"}
        address = self.url + cell.address.format(**ids)
        with session.request(
            cell.method, address, allow_redirects=False, stream=True, timeout=SECONDS, **options
        ) as answer:
            is_stream = answer.headers.get("Content-Type", "").startswith("text/event-stream")
            text = "" if is_stream else answer.text
            return answer.status_code, answer.headers.get("Location", ""), text


State = dict[tuple[str, object], dict[str, object]]  # the columns of each row, by table and primary key


def state() -> State:
    return {
        (table.__name__, row["id"]): {name: row[name] for name in row.keys() - NOTED}
        for table in TABLES
        for row in table._base_manager.values()
    }


def changes(before: State, after: State) -> str:
    """Return the columns that differ, or the rows that came or went; an empty text if nothing has changed."""
    columns = {
        f"{table}.{name}"
        for (table, pk), row in (before | after).items()
        for name in row
        if before.get((table, pk), {}).get(name) != after.get((table, pk), {}).get(name)
    }
    return ", ".join(sorted(columns))


# -- the judgement
def outcome_of(cell: Cell, status: int, location: str, text: str) -> str:
    if status == 401 or location.startswith("/login"):
        return "login"
    if status in (403, 404, 405):
        return {403: "refused", 404: "hidden", 405: "never"}[status]
    if location == "/admin/" and cell.door == "admin":
        return "hidden"  # Django redirects there if an object does not exist
    if status not in (UNDERSTOOD if cell.is_bare else DONE):
        return str(status)
    return "ok" if not cell.text or cell.text in text else "hidden"


def is_expected(cell: Cell, outcome: str) -> bool:
    if not cell.is_listed:
        harmless = {"never", "login", "refused", "hidden", cell.get}
        if cell.get == "own" or cell.method == "OPTIONS":
            harmless.add("ok")
        return outcome in harmless
    return outcome == {"own": "ok", "missing": "hidden"}.get(cell.expected, cell.expected)


def leaks(cell: Cell, outcome: str, text: str) -> Iterator[str]:
    """Name what a body shows that it must not show to this person."""
    is_shown = outcome == "ok" and (cell.is_allowed_otherwise or "ok" in (cell.expected, cell.get))
    may_see = cell.who == "superuser" or is_shown or "missing" in (cell.expected, cell.get)
    for word in [*world.NEVER, *([] if may_see else [world.CUSTOMER, world.MESSAGE])]:
        if word in text:
            yield f"{cell}: its answer contains {word!r}"
