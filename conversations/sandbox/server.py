"""The sandbox: how it answers one call, from the log and the limits to the body."""

import ssl
import threading
import time
from collections.abc import Callable
from functools import cached_property
from typing import Any

from .access import admit
from .call_log import SECRETS, Call, CallLog
from .data.visitors import Visitors
from .data.world import Page, World
from .faults import CLOSING, Fault, Faults
from .files.signed_links import SignedLinks
from .http_server import HttpServer
from .limits import Limits
from .request import Answer, Followed, Request
from .responses import accounts
from .responses.batch_requests import is_batch, parts, wrapped
from .responses.error_responses import GraphFailure, trace_id
from .responses.fragments import dumper, encode
from .responses.graph import Graph, Target, Targets
from .responses.login import Login
from .script import Script, ScriptedAnswer
from .send_api.answering_customers import AnsweringCustomers
from .send_api.message_calls import SendApi
from .switches import Latency, Switches
from .webhooks.sender import WebhookSender
from .webhooks.subscribing import Subscriptions

APP = "/app"  # the app for which the token was made
Read = Callable[[], tuple[Any, float]]


class SandboxServer:
    """`with SandboxServer(world) as sandbox:` serves at `sandbox.url`; its parts can be changed meanwhile."""

    def __init__(
        self,
        world: World | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """With `tls` it speaks HTTPS, for example with a certificate that nobody trusts."""
        self.world = world or World()
        self.clock = self.world.clock
        self.switches, self.limits, self.latency = Switches(), Limits(), Latency()
        self.faults, self.script, self.call_log = Faults(), Script(), CallLog()
        self.files = SignedLinks(self.switches, self.clock)
        self.webhooks = WebhookSender(
            self.world, self.switches, finish=lambda body: self.files.sign(body, self.url)
        )
        self.subscriptions = Subscriptions(self.world, self.switches, self.webhooks)
        self.graph = Graph(self.world, self.switches, self.limits, self.subscriptions)
        self.send_api = SendApi(self.world, self.switches, self.limits, self.webhooks, self.files)
        self.send = self.send_api.send  # its switches
        self.customers = AnsweringCustomers(self.send_api)
        self.login = Login(self.world, self.switches)
        self.host, self.port, self.tls = host, port, tls
        self.stopping = threading.Event()
        self._server: HttpServer | None = None

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://{self.host}:{self.port}"

    @cached_property
    def visitors(self) -> Visitors:
        """People who write to the first Page."""
        visitors = Visitors(self.world, next(iter(self.world.pages.values())))
        self.send_api.on_sent.append(visitors.leave_out_answer)
        return visitors

    def __enter__(self) -> "SandboxServer":
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def start(self) -> None:
        """Listen; after `stop()`, on the same port. Raises OSError if the port is in use."""
        self._server = HttpServer((self.host, self.port), self)
        self.port = self._server.server_address[1]
        self.stopping.clear()
        self._server.start()

    def stop(self) -> None:
        """Stop at once: answers in progress are cut off and open connections are closed."""
        self.webhooks.stop()
        if "visitors" in self.__dict__:
            self.visitors.stop()
        self.customers.stop()
        if self._server:
            self.stopping.set()
            self._server.end()
            self._server = None

    # One call

    def answer(self, request: Request) -> tuple[Answer, Fault | None]:
        return self._answer_batch(request) if is_batch(request) else self._answer_one(request)

    def _answer_one(self, request: Request) -> tuple[Answer, Fault | None]:
        arrived = self.clock.monotonic()
        call = self._note(request)
        target, failure = self._admit(request, call, arrived)
        fault = self.faults.take(call)
        return self._play(
            request, call, fault, failure, lambda: self._read(request, target, call, fault)
        ), fault

    def _answer_batch(self, request: Request) -> tuple[Answer, Fault | None]:
        """The parts count as calls, the batch itself does not. They are processed in parallel."""
        call = self._note(request)
        fault = self.faults.take(call)

        def read() -> tuple[Any, float]:
            with self.world.lock:
                admit(request, self.world, self.switches)
            answers = [self._answer_one(part) for part in parts(request)]
            after = [act for answer, _ in answers for act in answer.after]
            body = Followed(self._wrap(request, answers), after)
            return body, max(answer.seconds for answer, _ in answers)

        return self._play(request, call, fault, None, read), fault

    def _wrap(self, request: Request, answers: list[tuple[Answer, Fault | None]]) -> list[Any]:
        every = self.switches.null_batch_items
        return [
            None if (every and number % every == 0) or (fault and fault.kind in CLOSING)
            else wrapped(answer, include_headers=request.params.get("include_headers") != "false")
            for number, (answer, fault) in enumerate(answers, start=1)
        ]  # fmt: skip

    def _play(
        self, request: Request, call: Call, fault: Fault | None, failure: GraphFailure | None, read: Read
    ) -> Answer:
        call.fault = fault.name if fault else None
        if fault and not fault.does_act:
            is_body = fault.kind == "body"
            failure = fault.failure or failure
            answer = Answer() if is_body else self._answer(request, _nothing, failure, call)
        else:
            answer = self._answer(request, read, failure, call)
        if fault and fault.failure and fault.does_act and answer.status == 200:
            after = answer.after
            answer = self._answer(request, _nothing, fault.failure, call)
            answer.after = after
        if fault and fault.kind == "body":
            body = fault.body.encode() if isinstance(fault.body, str) else fault.body
            answer = Answer(fault.status, dict(fault.headers), body, after=answer.after)
        else:
            answer.headers.update(fault.headers if fault and fault.kind == "headers" else {})
        if fault and fault.kind == "truncated":
            answer.body = answer.body[: len(answer.body) // 2]
        answer.seconds += fault.seconds if fault and fault.kind == "slow" else 0
        call.status = None if fault and fault.kind in ("hang", "reset") else answer.status
        return answer

    def _note(self, request: Request) -> Call:
        started = time.monotonic()  # before anything else, which other calls may delay
        params = {name: value for name, value in request.params.items() if name not in SECRETS}
        self.webhooks.run_plans()
        call = Call(
            method=request.method,
            path=request.path,
            version=request.version,
            params=params,
            token_in=request.token_in,
            has_proof="appsecret_proof" in request.params,
            is_batched=request.is_batched,
            started=started,
            at=self.clock.now(),
        )
        self.call_log.add(call)
        return call

    def _admit(
        self, request: Request, call: Call, arrived: float
    ) -> tuple[Target | Targets | None, GraphFailure | None]:
        """The refusal is returned, not raised, because an injected fault takes precedence over it."""
        try:
            with self.world.lock:
                self.limits.arrive_at_app(arrived)
                if request.path in ("/debug_token", "/oauth/access_token"):
                    return None, None
                if self.subscriptions.is_about_app(request):
                    return None, None
                target = self._target(request, call)
                if isinstance(target, Target) and target.is_send:
                    self._arrive_to_send(request, target, call, arrived)
                for subject in target.subjects(request.params):
                    call.page_id, call.platform = subject
                    self.limits.arrive(subject, arrived)
                return target, None
        except GraphFailure as failure:
            return None, failure

    def _target(self, request: Request, call: Call) -> Target | Targets:
        """A scripted call needs a valid token and counts for the limits; its node need not exist."""
        is_of_token = request.path == APP or self.script.has(call) or self._application(request) is not None
        return self.graph.holder(request) if is_of_token else self.graph.target(request)

    def _answer(self, request: Request, read: Read, failure: GraphFailure | None, call: Call) -> Answer:
        answer = Answer(headers=self._headers(request, call))
        try:
            if failure:
                raise failure.with_traceback(None)
            body, answer.seconds = read()
            if isinstance(body, Followed):
                body, answer.after = body.body, body.after
        except GraphFailure as refusal:
            body = refusal.envelope()
            call.code, answer.status = refusal.code, refusal.status
            answer.headers.update(refusal.headers())
        if isinstance(body, ScriptedAnswer):
            call.code, answer.status = body.code, body.status
            answer.headers.update(body.headers)
            body = body.body
        answer.body = self._encode(body)
        return answer

    def _arrive_to_send(self, request: Request, target: Target, call: Call, arrived: float) -> None:
        page = target.node
        if isinstance(page, Page):
            call.page_id, call.platform = page.id, self.send_api.platform(request, page)
            self.send_api.arrive(request, target.edge or "", call.platform, page, arrived)

    def _read(
        self, request: Request, target: Target | Targets | None, call: Call, fault: Fault | None
    ) -> tuple[Any, float]:
        """The body of the answer, and how many seconds it takes."""
        if scripted := self.script.take(call):
            return scripted, self.latency.seconds(0, 0)
        if request.path == "/oauth/access_token":
            with self.world.lock:
                return self.login.token(request), 0.0
        if self.subscriptions.is_about_app(request):
            return self.subscriptions.app(request), 0.0
        if request.path == APP:
            return {"id": self.switches.app_id}, 0.0
        if app := self._application(request):
            return app, 0.0
        if target is None:
            return accounts.debug_token(request, self.world, self.switches), 0.0
        if isinstance(target, Target) and target.is_send and isinstance(target.node, Page):
            body = self.send_api.answer(request, target.token, target.node, target.edge or "", fault)
            return body, self.latency.seconds(0, 0)
        body, reading = self.graph.read(request, target)
        call.conversations, call.messages = reading.conversations, reading.messages
        return body, self.latency.seconds(reading.conversations, reading.messages)

    def _application(self, request: Request) -> dict[str, Any] | None:
        is_read = request.method == "GET"
        app_id = request.path.strip("/")
        return accounts.application(app_id, request, self.world, self.switches) if is_read else None

    def _headers(self, request: Request, call: Call) -> dict[str, str]:
        subject = (call.page_id, call.platform) if call.page_id and call.platform else None
        return {
            "Content-Type": "application/json; charset=UTF-8",
            "facebook-api-version": request.served_version,
            "x-fb-trace-id": trace_id(),
            "Cache-Control": "private, no-cache, no-store, must-revalidate",
            **self.limits.headers(subject, self.clock.monotonic()),
        }

    def _encode(self, body: Any) -> bytes:
        """JSON as Graph writes it. Text and bytes, which only a script has, are sent as they are."""
        if isinstance(body, str | bytes):
            return body if isinstance(body, bytes) else body.encode()
        switches = self.switches
        dump = dumper(escape_unicode=switches.escape_unicode, escape_slashes=switches.escape_slashes)
        return self.files.sign(encode(body, dump), self.url).encode("utf-8", "surrogatepass")


def _nothing() -> tuple[Any, float]:
    """What a call does that is never worked on."""
    return {}, 0.0
