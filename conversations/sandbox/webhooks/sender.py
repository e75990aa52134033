"""Sends what happens in the world as signed webhooks to the callback address of the app.

sandbox.webhooks.subscribe_app("http://127.0.0.1:8000/webhooks/facebook")    # "page" and "instagram"
page.subscribed_fields = ("messages", "message_echoes")    # or by POST /{page}/subscribed_apps
world.add_message(thread, "Hello")
sandbox.webhooks.send_due()        # now, in this thread; start() sends in the background instead
sandbox.webhooks.options.batch = 50        # sending_options.py has all of them
"""

import itertools
import random
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from conversations.sandbox.data.world import Page, World
from conversations.sandbox.data.world_events import WorldEvent
from conversations.sandbox.switches import Switches

from .bodies import Outgoing, body_of, signature_of
from .field_names import APP_FIELDS
from .payloads import OBJECTS, Item, dashboard_test, field_of, item_of
from .sending_options import SendingOptions

Post = Callable[[str, bytes, dict[str, str], float], int]  # address, body, headers, timeout -> status
TEST_ACCOUNT = "0"
UNREACHABLE = 0  # the status of a request that got no answer
IDLE_SECONDS = 0.02


@dataclass
class AppSubscription:
    """Where the webhooks of an object go: one address for each, set at /{app}/subscriptions."""

    callback_url: str
    fields: tuple[str, ...]
    is_active: bool = True


@dataclass
class Delivery:
    """The items of one request, until it is accepted."""

    batch: list[Outgoing]
    due: float
    failures: int = 0

    @property
    def accounts(self) -> set[str]:
        return {each.account_id for each in self.batch}


@dataclass(frozen=True)
class Attempt:
    """One request that was sent. `status` 0: there was no answer."""

    at: float
    body: bytes = field(repr=False)
    status: int
    items: int


class WebhookSender:
    """The part of Facebook that calls. `post` can be replaced, for tests without HTTP.

    `finish` is called with each body before it is signed.
    """

    def __init__(
        self,
        world: World,
        switches: Switches,
        post: Post | None = None,
        finish: Callable[[str], str] = lambda body: body,
    ) -> None:
        self.world, self.switches, self.options = world, switches, SendingOptions()
        self._finish = finish
        self.apps: dict[str, AppSubscription] = {}
        self.attempts: list[Attempt] = []
        self.dropped: list[Item] = []
        self.post = post or http_post
        self._waiting: list[Outgoing] = []
        self._deliveries: list[Delivery] = []
        self._failing_since: dict[str, float] = {}
        self._numbers = {name: itertools.count(1) for name in ("item", "sent", "post", "delivery")}
        self._draw = random.Random(1)
        self._lock, self._sending = threading.Lock(), threading.Lock()
        self._held = threading.local()
        self._plans: list[tuple[float, Callable[[], None]]] = []
        self._stopping: threading.Event | None = None
        world.observers.append(self.note)

    # -- what is sent --------------------------------------------------------------------------------------
    def subscribe_app(self, callback_url: str, objects: Iterable[str] = tuple(OBJECTS.values())) -> None:
        """Set the address without its verification."""
        for name in objects:
            self.apps[name] = AppSubscription(callback_url, tuple(APP_FIELDS[name]))

    def lose(self, page: Page) -> None:
        """Facebook subscribes the Page no longer, for a reason that it does not tell."""
        page.subscribed_fields = ()

    def note(self, event: WorldEvent) -> None:
        """Have this sent, if anybody is subscribed to it."""
        if not self._is_subscribed(event):
            return
        thread = event.thread
        account = thread.page.id if thread.platform == "messenger" else thread.page.instagram_id
        where = "standby" if thread.is_standby else "messaging"
        self.send(item_of(event), account or "", OBJECTS[thread.platform], where)

    def send(self, item: Item, account_id: str, object: str = "page", where: str = "messaging") -> None:
        """Have any item sent, also one that nobody is subscribed to."""
        number, options = next(self._numbers["item"]), self.options
        if options.drop or (options.drop_every and number % options.drop_every == 0):
            self.dropped.append(item)
            return
        outgoing = Outgoing(object, account_id, item, where)
        held: list[Outgoing] | None = getattr(self._held, "items", None)
        if held is None:
            self.release([outgoing])
        else:
            held.append(outgoing)

    @contextmanager
    def holding(self) -> Iterator[list[Outgoing]]:
        """Keep back what happens in this thread meanwhile: it waits in the list for `release`."""
        self._held.items = []
        try:
            yield self._held.items
        finally:
            self._held.items = None

    def release(self, held: Iterable[Outgoing], seconds: float = 0) -> None:
        """Send what was kept back, after this time of the world's clock."""
        due = self.world.clock.now() + self.options.delay_seconds + seconds
        with self._lock:
            self._waiting += [replace(each, due=due) for each in held]

    def at(self, seconds: float, act: Callable[[], None]) -> None:
        """Have something happen in the world after this time of its clock, when webhooks are sent."""
        with self._lock:
            self._plans.append((self.world.clock.now() + seconds, act))

    def run_plans(self) -> None:
        """Let happen what is due."""
        now = self.world.clock.now()
        with self._lock:
            due = sorted((plan for plan in self._plans if plan[0] <= now), key=lambda plan: plan[0])
            self._plans = [plan for plan in self._plans if plan[0] > now]
        for _, act in due:
            act()

    def send_test(self, object: str = "page") -> None:
        """What the button *Test* of the dashboard sends."""
        if object == "instagram":
            self.send({"field": "messages", "value": dashboard_test()}, TEST_ACCOUNT, object, "changes")
        else:
            self.send(dashboard_test(), TEST_ACCOUNT, object)

    def _is_subscribed(self, event: WorldEvent) -> bool:
        thread, name = event.thread, field_of(event)
        app = self.apps.get(OBJECTS[thread.platform])
        needs_role = self.switches.standard_access or self.switches.app == "development"
        if (
            name is None
            or app is None
            or not (thread.customer and (thread.customer.has_role or not needs_role))
        ):
            return False
        if thread.platform == "instagram":  # the Page is subscribed at all, and the app to the field
            return bool(thread.page.subscribed_fields) and name in app.fields
        fields = thread.page.subscribed_fields
        return name in fields and (not thread.is_standby or "standby" in fields)

    # -- sending -------------------------------------------------------------------------------------------
    @property
    def is_running(self) -> bool:
        """Whether it sends in the background."""
        return self._stopping is not None

    @property
    def is_idle(self) -> bool:
        """Whether nothing is on its way, neither now nor later."""
        with self._lock:
            return not (self._plans or self._waiting or self._deliveries or self._sending.locked())

    def send_due(self) -> list[Attempt]:
        """Send all that is due by the world's clock, with its immediate repetitions. Return the attempts."""
        self.run_plans()
        before = len(self.attempts)
        with self._sending:
            self._pack()
            while delivery := self._next_due():
                self._attempt(delivery)
        return self.attempts[before:]

    def start(self) -> None:
        """Send in the background until stop()."""
        if self._stopping is None:
            self._stopping = threading.Event()
            threading.Thread(target=self._run, args=(self._stopping,), daemon=True).start()

    def stop(self) -> None:
        if self._stopping is not None:
            self._stopping.set()
            self._stopping = None

    def _run(self, stopping: threading.Event) -> None:
        while not stopping.wait(IDLE_SECONDS):
            self.run_plans()
            with self._sending:
                self._pack()
                while not stopping.is_set() and (delivery := self._next_due()):
                    self._attempt(delivery)

    def _pack(self) -> None:
        """Put the items that are due into deliveries."""
        now, options = self.world.clock.now(), self.options
        with self._lock:
            due = [each for each in self._waiting if each.due <= now]
            self._waiting = [each for each in self._waiting if each.due > now]
            if options.shuffle:
                self._draw.shuffle(due)
            for name in OBJECTS.values():
                own = [copy for each in due if each.object == name for copy in self._copies(each)]
                for start in range(0, len(own), max(1, options.batch)):
                    self._add(Delivery(own[start : start + max(1, options.batch)], now))

    def _copies(self, each: Outgoing) -> list[Outgoing]:
        every = self.options.duplicate_items
        return [each] * (2 if every and next(self._numbers["sent"]) % every == 0 else 1)

    def _add(self, delivery: Delivery) -> None:
        every = self.options.duplicate_posts
        self._deliveries.append(delivery)
        if every and next(self._numbers["delivery"]) % every == 0:
            self._deliveries.append(Delivery(list(delivery.batch), delivery.due))

    def _next_due(self) -> Delivery | None:
        now = self.world.clock.now()
        with self._lock:
            found = next((delivery for delivery in self._deliveries if delivery.due <= now), None)
            if found:
                self._deliveries.remove(found)
            return found

    def _attempt(self, delivery: Delivery) -> None:
        now, options = self.world.clock.now(), self.options
        app = self.apps.get(delivery.batch[0].object)
        if app is None or not app.is_active:
            return
        body = self._finish(body_of(delivery.batch, now, options)).encode("utf-8", "surrogatepass")
        every = options.wrong_signature
        is_wrong = every and next(self._numbers["post"]) % every == 0
        secret = "another secret" if is_wrong else options.secret
        headers = {
            "User-Agent": "facebookexternalua",
            "Content-Type": "application/json",
            "X-Hub-Signature-256": signature_of(body, secret),
        }
        status = self.post(app.callback_url, body, headers, options.timeout_seconds)
        self.attempts.append(Attempt(now, body, status, len(delivery.batch)))
        if status == 200:
            for account in delivery.accounts:
                self._failing_since.pop(account, None)
        else:
            self._fail(delivery, now)

    def _fail(self, delivery: Delivery, now: float) -> None:
        """Repeat it soon, then more slowly. After an hour of failures the Page is subscribed no longer."""
        pauses = self.options.retry_pauses
        delivery.due = now + pauses[min(delivery.failures, len(pauses) - 1)]
        delivery.failures += 1
        lost = set()
        for account in delivery.accounts:
            if now - self._failing_since.setdefault(account, now) >= 60 * self.options.unsubscribe_minutes:
                lost.add(account)
        for page in self.world.pages.values():
            if {page.id, page.instagram_id} & lost:
                page.subscribed_fields = ()
        if lost:
            with self._lock:
                self._deliveries = [each for each in self._deliveries if not each.accounts & lost]
        else:
            with self._lock:
                self._deliveries.append(delivery)


class NoRedirects(urllib.request.HTTPRedirectHandler):
    """Facebook follows none."""

    def redirect_request(self, *args, **kwargs):
        return None


OPENER = urllib.request.build_opener(NoRedirects, urllib.request.ProxyHandler({}))


def http_post(address: str, body: bytes, headers: dict[str, str], timeout: float) -> int:
    """Post the body; return the status, UNREACHABLE if there is no answer."""
    request = urllib.request.Request(address, data=body, headers=headers, method="POST")  # noqa: S310 - the address of a test
    try:
        with OPENER.open(request, timeout=timeout) as answer:
            answer.read()
            return answer.status
    except urllib.error.HTTPError as error:
        error.close()
        return error.code
    except (OSError, ValueError):
        return UNREACHABLE


def http_get(address: str, timeout: float) -> tuple[int, str]:
    """Return the status and the beginning of the body; (UNREACHABLE, "") if there is no answer."""
    try:
        with OPENER.open(address, timeout=timeout) as answer:
            return answer.status, answer.read(1000).decode("latin-1")
    except urllib.error.HTTPError as error:
        error.close()
        return error.code, ""
    except (OSError, ValueError):
        return UNREACHABLE, ""


def wait_until_idle(sender: WebhookSender, seconds: float) -> bool:
    """Wait until everything is delivered. Return whether it is."""
    deadline = time.monotonic() + seconds
    while not sender.is_idle:
        if time.monotonic() > deadline:
            return False
        time.sleep(IDLE_SECONDS)
    return True
