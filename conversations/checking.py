"""Checking a Page: what does Facebook let us do with it, and how do we get the most of that?

The answers are shown to an owner, and those that a sync should know are kept in `Page.learnt`:

    {"notes": [...], "checked_at": iso,
     "messenger": {"windows": true, "folders": {"page_done": "ok"|"ignored"|"refused", ...},
                   "refused_fields": ["snippet", "messages.reactions"], "size": [conversations, messages]},
     "instagram": {...the same...}}
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from conversations.clients import open_client
from conversations.connecting import (
    ConnectionRefused,
    Finding,
    Instagram,
    Mark,
    add_instagram,
    confirmed_name,
    instagram_finding,
    linked_instagram,
    token_findings,
)
from conversations.graph.client import GraphClient
from conversations.graph.errors import (
    AccessTokenError,
    GoneError,
    GraphError,
    RateLimitError,
    TransientError,
)
from conversations.graph.gate import WIDER_FROM, Waiting
from conversations.graph.probes.batch import raise_unless_refused
from conversations.graph.probes.folders import FOLDERS, probe_folder
from conversations.graph.probes.listing import Listing, probe_list
from conversations.graph.probes.usage import Headers, probe_headers
from conversations.graph.probes.windows import probe_windows
from conversations.models import Page, Platform

LONGEST_WAIT_SECONDS = 120  # in all: what Facebook asks beyond that is told instead of waited for
FULL_LIST = 100  # conversations in one call
NOT_SHOWN = "Facebook does not show the Page to this token. Connect the Page again."
AGAIN = "Facebook failed just now; the next check asks again"
WINDOWS: dict[str, tuple[str, Mark]] = {
    "work": ("work: a first sync walks several spans of time side by side", "ok"),
    "ignored": ("Facebook ignores them: a first sync walks the list from its top", "note"),
    "incomplete": ("they leave conversations out: syncs do not use them", "note"),
    "refused": ("Facebook refuses them: a first sync walks the list from its top", "note"),
    "unknown": ("too few conversations to tell", "ok"),
}


class TooLongToWait(Exception):
    """Longer than a person at a terminal should. It is no GraphError: the client catches those."""


@dataclass
class Check:
    """What was found, in the order in which it was asked, and with how many calls to Facebook."""

    page: Page
    findings: list[Finding] = field(default_factory=list)
    learnt: dict[str, dict[str, Any]] = field(default_factory=dict)  # by platform
    instagram: Instagram = field(default_factory=lambda: Instagram(told=False))
    calls: int = 0
    waited: float = 0
    lost: str = ""  # why a person must connect the Page again
    is_finished: bool = False

    @property
    def problems(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.mark == "act"]

    @property
    def is_ready(self) -> bool:
        """Whether the Page can be synced as it is."""
        return self.is_finished and not self.problems

    def has(self, key: str) -> bool:
        return any(finding.key == key for finding in self.findings)

    def add(self, key: str, subject: str, answer: str, mark: Mark = "ok") -> None:
        self.findings.append(Finding(key, subject, answer, mark))


def check_page(page: Page, *, on_wait: Waiting = lambda error, seconds: None) -> Check:
    """Asks Facebook and keeps what it says; what went wrong is among the findings."""
    check = Check(page)
    if not page.access_token:
        check.add("token", "Access token", f"{page.connection[1]} Connect the Page again.", "act")
        return check
    try:
        _ask(check, on_wait=_impatient(check, on_wait))
    except (ConnectionRefused, GraphError, TooLongToWait) as error:
        _stop(check, error)
    _keep(check)
    return check


def _impatient(check: Check, on_wait: Waiting) -> Waiting:
    def wait(error: GraphError, seconds: float) -> None:
        check.waited += seconds
        if isinstance(error, RateLimitError) and check.waited > LONGEST_WAIT_SECONDS:
            raise TooLongToWait(f"{error} It asks to wait {seconds / 60:.0f} minutes.")
        on_wait(error, seconds)

    return wait


@contextmanager
def _client(check: Check, platform: Platform, on_wait: Waiting) -> Iterator[GraphClient]:
    page = check.page
    with open_client(page.facebook_page_id, page.access_token, platform=platform, on_wait=on_wait) as client:
        try:
            yield client
        finally:
            check.calls += client.requests


def _ask(check: Check, on_wait: Waiting) -> None:
    with _client(check, Platform.MESSENGER, on_wait) as client:
        _ask_token(check, client)
        inbox = probe_list(client, check.page.facebook_page_id, Platform.MESSENGER)
        _ask_platform(check, client, Platform.MESSENGER, inbox)
    check.findings.append(instagram_finding(check.instagram))
    if check.instagram.id or check.page.instagram_account_id:
        with _client(check, Platform.INSTAGRAM, on_wait) as client:
            _ask_instagram(check, client)
    with _client(check, Platform.MESSENGER, on_wait) as client:
        _ask_headers(check, client)
    check.is_finished = True


def _ask_token(check: Check, client: GraphClient) -> None:
    page_id = check.page.facebook_page_id
    name = confirmed_name(client, page_id)
    check.add("token", "Access token", f"valid, the Page's own ({name or page_id})")
    check.instagram = linked_instagram(client, page_id)
    check.findings += token_findings(client, check.page.access_token, page_id, check.instagram)


def _stop(check: Check, error: ConnectionRefused | GraphError | TooLongToWait) -> None:
    """Nothing more can be asked: what a person must do is in the error's words."""
    if isinstance(error, RateLimitError | TransientError | TooLongToWait):
        check.add("facebook", "Facebook", f"{error} Check again later.", "act")
        return
    words = str(error)
    if check.has("token"):
        check.add("messenger.list", "Messenger: list", words, "act")
    else:
        words = f"{NOT_SHOWN} {words}" if isinstance(error, GoneError) else words
        check.add("token", "Access token", words, "act")
    if isinstance(error, ConnectionRefused | AccessTokenError) or NOT_SHOWN in words:
        check.lost = words


# -- one platform ------------------------------------------------------------------------------------------
def _ask_instagram(check: Check, client: GraphClient) -> None:
    """Whatever is wrong with it: Messenger goes on."""
    try:
        inbox = probe_list(client, check.page.facebook_page_id, Platform.INSTAGRAM)
    except TransientError:
        check.add("instagram.list", "Instagram: list", AGAIN, "note")
    except GraphError as error:
        raise_unless_refused(error)
        check.add("instagram.list", "Instagram: list", f"its conversations cannot be listed. {error}", "note")
    else:
        _ask_platform(check, client, Platform.INSTAGRAM, inbox)


def _ask_platform(check: Check, client: GraphClient, platform: Platform, inbox: Listing) -> None:
    learnt: dict[str, Any] = {"refused_fields": [str(one) for one in inbox.refused], "size": [*inbox.size]}
    check.learnt[platform.value] = learnt
    _tell_listing(check, platform, inbox)
    _ask_windows(check, client, platform, inbox)
    _ask_folders(check, client, platform, inbox)


def _tell_listing(check: Check, platform: Platform, inbox: Listing) -> None:
    conversations, messages = inbox.size
    words = f"{conversations} conversations with {messages} messages of each in one call"
    smaller = "" if conversations >= FULL_LIST else "; Facebook refuses more, so syncs are slower"
    check.add(f"{platform}.list", f"{platform.label}: list", words + smaller, "note" if smaller else "ok")
    key, subject = f"{platform}.fields", f"{platform.label}: fields"
    if inbox.refused_needed:
        names = _listed(inbox.refused_needed)
        check.add(key, subject, f"Facebook refuses {names}, which Inbox needs: update Inbox", "act")
    elif inbox.refused:
        check.add(
            key,
            subject,
            f"Facebook refuses {_listed(inbox.refused)}: syncs ask only for what it documents",
            "note",
        )
    else:
        check.add(key, subject, "all that Inbox asks for are answered")


def _ask_windows(check: Check, client: GraphClient, platform: Platform, inbox: Listing) -> None:
    key, subject = f"{platform}.windows", f"{platform.label}: time windows"
    try:
        state = probe_windows(client, check.page.facebook_page_id, platform, inbox)
    except TransientError:
        check.add(key, subject, AGAIN, "note")
        return
    check.add(key, subject, *WINDOWS[state])
    if state != "unknown":
        check.learnt[platform]["windows"] = state == "work"


def _ask_folders(check: Check, client: GraphClient, platform: Platform, inbox: Listing) -> None:
    states: dict[str, str] = {}
    known = check.learnt[platform]["folders"] = states
    for folder in FOLDERS:
        try:
            states[folder] = probe_folder(client, check.page.facebook_page_id, platform, folder, inbox)
        except TransientError:
            continue
    words = [
        f"{state}: {_listed(name for name in FOLDERS if known.get(name) == state)}"
        for state in ("ok", "ignored", "refused")
        if state in known.values()
    ]
    check.add(f"{platform}.folders", f"{platform.label}: folders", "; ".join(words) or AGAIN)


# -- what is used up ---------------------------------------------------------------------------------------
def _ask_headers(check: Check, client: GraphClient) -> None:
    try:
        headers = probe_headers(client, check.page.facebook_page_id, list(check.learnt))
    except TransientError:
        check.add("usage", "Allowance", AGAIN, "note")
        return
    check.add("usage", "Allowance", *_usage_in_words(headers))
    check.add("version", "Graph API", *_version_in_words(headers.version))


def _usage_in_words(headers: Headers) -> tuple[str, Mark]:
    if not headers.names:
        return "no usage headers came: Facebook sends them only after many calls", "ok"
    usage = headers.usage
    words = f"{usage.percent:.0f} % used ({_listed(headers.names)})"
    if usage.regain_seconds:
        return f"{words}; Facebook asks to wait {usage.regain_seconds / 60:.0f} minutes", "note"
    return (f"{words}; syncs slow down", "note") if usage.percent >= WIDER_FROM else (words, "ok")


def _version_in_words(version: str) -> tuple[str, Mark]:
    asked = settings.GRAPH_API_VERSION
    if not version:
        return f"{asked} was asked for; Facebook did not say which answers", "note"
    if version != asked:
        return f"{version} answers, though {asked} was asked for: set GRAPH_API_VERSION", "note"
    return f"{version}, as asked for", "ok"


def _listed(names: Iterable[object]) -> str:
    return ", ".join(map(str, names))


# -- what is kept ------------------------------------------------------------------------------------------
@transaction.atomic
def _keep(check: Check) -> None:
    """Beside what others know of the Page, which may have changed meanwhile."""
    page = Page.objects.select_for_update().get(pk=check.page.pk)
    for platform, found in check.learnt.items():
        before = page.learnt.get(platform, {})
        folders = before.get("folders", {}) | found.get("folders", {})
        page.learnt[platform] = before | found | {"folders": folders}
    if check.is_finished or check.lost:
        page.learnt["notes"] = [str(finding) for finding in check.findings if finding.mark != "ok"]
        page.learnt["checked_at"] = timezone.now().isoformat()
    add_instagram(page, check.instagram)
    if page.access_token == check.page.access_token:
        _judge(page, check)
    page.save(update_fields=["learnt", "platforms", "instagram_account_id", "state", "state_reason"])
    check.page = page


def _judge(page: Page, check: Check) -> None:
    if check.lost:
        page.state, page.state_reason = Page.State.RECONNECT, check.lost
    elif check.is_ready:
        page.state, page.state_reason = Page.State.CONNECTED, ""
