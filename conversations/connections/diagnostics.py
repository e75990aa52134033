"""Checks what Facebook allows for a Page: token, permissions, fields, sizes, time windows, folders, usage.

The findings are shown to people. What a sync needs to know is stored in `Page.capabilities`:

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

from conversations.connections.client import open_client
from conversations.connections.connect import (
    ConnectionRefused,
    Finding,
    InstagramAccount,
    Mark,
    access_columns,
    add_instagram,
    describe_failure,
    fetch_instagram_account,
    fetch_page_name,
    instagram_finding,
    read_token_facts,
    token_findings,
)
from conversations.connections.page_state import require_reconnect
from conversations.connections.patience import Patience
from conversations.connections.webhook_checks import check_webhooks
from conversations.graph.capabilities import Capabilities
from conversations.graph.client import GraphClient
from conversations.graph.errors import (
    ActionRequiredError,
    GraphError,
    NotFoundError,
    RateLimitError,
    TransientError,
)
from conversations.graph.options import Hooks, OnWait
from conversations.graph.probes.batch import raise_unless_refused
from conversations.graph.probes.folders import FOLDERS, probe_folder
from conversations.graph.probes.list_size import probe_larger_lists
from conversations.graph.probes.listing import Listing, probe_list
from conversations.graph.probes.usage import Headers, probe_headers
from conversations.graph.probes.windows import probe_windows
from conversations.graph.rate_limiter import SLOW_DOWN_PERCENT
from conversations.lib.notify import notify_changes
from conversations.models import Page, Platform

MAX_WAIT_SECONDS = 120  # in total: a longer wait is reported instead
FULL_LIST = 100  # conversations in one call
PAGE_NOT_SHOWN = "Facebook does not show the Page to this token. Connect the Page again."
TRY_LATER = "Facebook failed temporarily; the next check will try again"
WINDOWS: dict[str, tuple[str, Mark]] = {
    "work": ("work: a first sync reads several time spans in parallel", "ok"),
    "ignored": ("Facebook ignores them: a first sync reads the list from its top", "note"),
    "incomplete": ("they leave out conversations: syncs do not use them", "note"),
    "refused": ("Facebook refuses them: a first sync reads the list from its top", "note"),
    "unknown": ("too few conversations to tell", "ok"),
}


class TooLongToWait(Exception):
    """A wait is too long for a person at a terminal. Not a GraphError, because the client catches those."""


@dataclass
class PageDiagnostics:
    """The findings about a Page in the order of the checks, and the number of calls to Facebook.

    `capabilities` are by platform, as stored in `Page.capabilities`.
    """

    page: Page
    findings: list[Finding] = field(default_factory=list)
    capabilities: dict[str, Capabilities] = field(default_factory=dict)
    instagram: InstagramAccount = field(default_factory=lambda: InstagramAccount(is_known=False))
    access_end: dict[str, Any] = field(default_factory=dict)  # columns of the Page
    calls: int = 0
    had_gap: bool = False  # webhooks were not sent for a while: a sync brings what was missed
    refusal: ActionRequiredError | None = None  # why a person must connect the Page again, if so
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


def check_page(page: Page, *, on_wait: OnWait = lambda error, seconds: None) -> PageDiagnostics:
    """Check the Page at Facebook and store the result. Errors become findings."""
    diagnostics = PageDiagnostics(page)
    if not page.access_token:
        diagnostics.add("token", "Access token", f"{page.connection[1]} Connect the Page again.", "act")
        return diagnostics
    try:
        _check(diagnostics, _ReportingPatience(on_wait))
    except (ConnectionRefused, GraphError, TooLongToWait) as error:
        _stop(diagnostics, error)
    _save(diagnostics)
    return diagnostics


class _ReportingPatience(Patience):
    """Reports each pause, and ends the check instead of a long one for a rate limit."""

    def __init__(self, report: OnWait):
        super().__init__(MAX_WAIT_SECONDS, _give_up)
        self._report = report

    def on_wait(self, error: GraphError, seconds: float) -> None:
        super().on_wait(error, seconds)
        self._report(error, seconds)


def _give_up(error: GraphError, seconds: float) -> None:
    if isinstance(error, RateLimitError):  # other pauses are short, and their number is limited
        raise TooLongToWait(f"{error} Facebook asks to wait {seconds / 60:.0f} minutes.")


@contextmanager
def _client(diagnostics: PageDiagnostics, platform: Platform, hooks: Hooks) -> Iterator[GraphClient]:
    page = diagnostics.page
    with open_client(page.facebook_page_id, page.access_token, hooks, platform=platform) as client:
        try:
            yield client
        finally:
            diagnostics.calls += client.request_count


def _check(diagnostics: PageDiagnostics, hooks: Hooks) -> None:
    with _client(diagnostics, Platform.MESSENGER, hooks) as client:
        _check_token(diagnostics, client)
        inbox = probe_list(client, diagnostics.page.facebook_page_id, Platform.MESSENGER)
        _check_platform(diagnostics, client, Platform.MESSENGER, inbox)
    diagnostics.findings.append(instagram_finding(diagnostics.instagram))
    if diagnostics.instagram.id or diagnostics.page.instagram_account_id:
        with _client(diagnostics, Platform.INSTAGRAM, hooks) as client:
            _check_instagram(diagnostics, client)
    with _client(diagnostics, Platform.MESSENGER, hooks) as client:
        _check_headers(diagnostics, client)
    webhooks = check_webhooks(diagnostics.page, hooks)
    diagnostics.findings += webhooks.findings
    diagnostics.had_gap = webhooks.had_gap
    diagnostics.is_finished = True


def _check_token(diagnostics: PageDiagnostics, client: GraphClient) -> None:
    page_id = diagnostics.page.facebook_page_id
    name = fetch_page_name(client, page_id)
    diagnostics.add("token", "Access token", f"valid, the Page's own ({name or page_id})")
    diagnostics.instagram = fetch_instagram_account(client, page_id)
    facts = read_token_facts(client, diagnostics.page.access_token)
    diagnostics.findings += token_findings(client, facts, page_id, diagnostics.instagram)
    ids = {page_id, diagnostics.instagram.id} - {""}
    diagnostics.access_end = access_columns(facts, ids)


def _stop(diagnostics: PageDiagnostics, error: ConnectionRefused | GraphError | TooLongToWait) -> None:
    """Add the error that ended the check. Its text says what a person must do."""
    if isinstance(error, RateLimitError | TransientError | TooLongToWait):
        diagnostics.add("facebook", "Facebook", f"{error} Check again later.", "act")
        return
    text = describe_failure(error)
    if diagnostics.has("token"):
        diagnostics.add("messenger.list", "Messenger: list", text, "act")
    else:
        text = f"{PAGE_NOT_SHOWN} {text}" if isinstance(error, NotFoundError) else text
        diagnostics.add("token", "Access token", text, "act")
    if isinstance(error, ActionRequiredError):
        diagnostics.refusal = error
    elif isinstance(error, ConnectionRefused) or PAGE_NOT_SHOWN in text:
        diagnostics.refusal = ActionRequiredError(text)


# -- one platform ------------------------------------------------------------------------------------------
def _check_instagram(diagnostics: PageDiagnostics, client: GraphClient) -> None:
    """Check Instagram. Its errors are notes: Messenger continues to work."""
    try:
        inbox = probe_list(client, diagnostics.page.facebook_page_id, Platform.INSTAGRAM)
    except TransientError:
        diagnostics.add("instagram.list", "Instagram: list", TRY_LATER, "note")
    except GraphError as error:
        raise_unless_refused(error)
        diagnostics.add(
            "instagram.list", "Instagram: list", f"its conversations cannot be listed. {error}", "note"
        )
    else:
        _check_platform(diagnostics, client, Platform.INSTAGRAM, inbox)


def _check_platform(
    diagnostics: PageDiagnostics, client: GraphClient, platform: Platform, inbox: Listing
) -> None:
    diagnostics.capabilities[platform.value] = Capabilities(
        size=[*inbox.size], refused_fields=[str(one) for one in inbox.refused]
    )
    _report_listing(diagnostics, platform, inbox)
    _check_larger_lists(diagnostics, client, platform, inbox)
    _check_windows(diagnostics, client, platform, inbox)
    _check_folders(diagnostics, client, platform, inbox)


def _report_listing(diagnostics: PageDiagnostics, platform: Platform, inbox: Listing) -> None:
    conversations, messages = inbox.size
    answer = f"{conversations} conversations with {messages} messages of each in one call"
    smaller = "" if conversations >= FULL_LIST else "; Facebook refuses more, so syncs are slower"
    diagnostics.add(
        f"{platform}.list", f"{platform.label}: list", answer + smaller, "note" if smaller else "ok"
    )
    key, subject = f"{platform}.fields", f"{platform.label}: fields"
    if inbox.refused_required:
        names = _join(inbox.refused_required)
        diagnostics.add(key, subject, f"Facebook refuses {names}, which Inbox needs: update Inbox", "act")
    elif inbox.refused:
        diagnostics.add(
            key,
            subject,
            f"Facebook refuses {_join(inbox.refused)}: syncs request only documented fields",
            "note",
        )
    else:
        diagnostics.add(key, subject, "all requested fields are returned")


def _check_larger_lists(
    diagnostics: PageDiagnostics, client: GraphClient, platform: Platform, inbox: Listing
) -> None:
    """Find out whether full syncs may request more conversations at once. Nothing is lost without."""
    key, subject = f"{platform}.larger", f"{platform.label}: larger lists"
    try:
        most = probe_larger_lists(client, diagnostics.page.facebook_page_id, inbox)
    except TransientError:
        diagnostics.add(key, subject, TRY_LATER)
        return
    diagnostics.capabilities[platform].most_conversations = most
    if most is not None:
        is_more = most > FULL_LIST
        answer = f"up to {most} conversations in one call" if is_more else f"no more than {FULL_LIST} at once"
        diagnostics.add(key, subject, f"{answer}, in full syncs of many" if is_more else answer)


def _check_windows(
    diagnostics: PageDiagnostics, client: GraphClient, platform: Platform, inbox: Listing
) -> None:
    key, subject = f"{platform}.windows", f"{platform.label}: time windows"
    try:
        state = probe_windows(client, diagnostics.page.facebook_page_id, platform, inbox)
    except TransientError:
        diagnostics.add(key, subject, TRY_LATER, "note")
        return
    diagnostics.add(key, subject, *WINDOWS[state])
    if state != "unknown":
        diagnostics.capabilities[platform].windows = state == "work"


def _check_folders(
    diagnostics: PageDiagnostics, client: GraphClient, platform: Platform, inbox: Listing
) -> None:
    states = diagnostics.capabilities[platform].folders
    for folder in FOLDERS:
        try:
            states[folder] = probe_folder(client, diagnostics.page.facebook_page_id, platform, folder, inbox)
        except TransientError:
            continue
    parts = [
        f"{state}: {_join(name for name in FOLDERS if states.get(name) == state)}"
        for state in ("ok", "ignored", "refused")
        if state in states.values()
    ]
    diagnostics.add(f"{platform}.folders", f"{platform.label}: folders", "; ".join(parts) or TRY_LATER)


# -- usage and version -------------------------------------------------------------------------------------
def _check_headers(diagnostics: PageDiagnostics, client: GraphClient) -> None:
    try:
        headers = probe_headers(client, diagnostics.page.facebook_page_id, list(diagnostics.capabilities))
    except TransientError:
        diagnostics.add("usage", "Allowance", TRY_LATER, "note")
        return
    diagnostics.add("usage", "Allowance", *_describe_usage(headers))
    diagnostics.add("version", "Graph API", *_describe_version(headers.version))


def _describe_usage(headers: Headers) -> tuple[str, Mark]:
    if not headers.names:
        return "no usage headers: Facebook sends them only after many calls", "ok"
    usage = headers.usage
    answer = f"{usage.percent:.0f} % used ({_join(headers.names)})"
    if usage.regain_seconds:
        return f"{answer}; Facebook asks to wait {usage.regain_seconds / 60:.0f} minutes", "note"
    return (f"{answer}; syncs slow down", "note") if usage.percent >= SLOW_DOWN_PERCENT else (answer, "ok")


def _describe_version(version: str) -> tuple[str, Mark]:
    requested = settings.GRAPH_API_VERSION
    if not version:
        return f"{requested} was requested; Facebook did not say which version answered", "note"
    if version != requested:
        return f"{version} answered, but {requested} was requested: set GRAPH_API_VERSION", "note"
    return f"{version}, as requested", "ok"


def _join(names: Iterable[object]) -> str:
    return ", ".join(map(str, names))


# -- storing -----------------------------------------------------------------------------------------------
@transaction.atomic
def _save(diagnostics: PageDiagnostics) -> None:
    """Store the result next to what others have stored about the Page, also during the check."""
    page = Page.objects.select_for_update().get(pk=diagnostics.page.pk)
    for platform, capabilities in diagnostics.capabilities.items():
        before = page.capabilities.get(platform)
        capabilities.folders = Capabilities.from_stored(before).folders | capabilities.folders
        page.capabilities[platform] = capabilities.to_stored(before)
    if diagnostics.is_finished or diagnostics.refusal:
        page.capabilities["notes"] = [
            str(finding) for finding in diagnostics.findings if finding.mark != "ok"
        ]
        page.capabilities["checked_at"] = timezone.now().isoformat()
    add_instagram(page, diagnostics.instagram)
    end = diagnostics.access_end if page.access_token == diagnostics.page.access_token else {}
    for column, value in end.items():
        setattr(page, column, value)
    if page.access_token == diagnostics.page.access_token:
        _update_state(page, diagnostics)
    account = ["platforms", "instagram_account_id", "instagram_username", "business_aliases"]
    page.save(update_fields=["capabilities", *account, *Page.STATE_FIELDS, *end])
    notify_changes([page.pk])
    diagnostics.page = page


def _update_state(page: Page, diagnostics: PageDiagnostics) -> None:
    if diagnostics.refusal:
        require_reconnect(page, diagnostics.refusal)
    elif diagnostics.is_ready:
        page.mark_connected()
