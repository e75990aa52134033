"""POST /{page}/messages and what belongs to it: from a call to a message in the thread, its echo, its answer.

sandbox.send.echo = "before"            # all switches: send_switches.py
thread.unreachable = "blocked"          # a name of send_refusals.py
page.send_refusal = "restricted"
sandbox.faults.add(send_faults.error_although_sent(), path="/messages")
"""

import re
from collections.abc import Callable
from functools import partial
from typing import Any

from conversations.sandbox.data.history import Message
from conversations.sandbox.data.people import Token
from conversations.sandbox.data.world import Page, Thread, World
from conversations.sandbox.faults import Fault
from conversations.sandbox.files.signed_links import SignedLinks
from conversations.sandbox.limits import Limits
from conversations.sandbox.request import Followed, Request
from conversations.sandbox.responses.arguments import platform_of
from conversations.sandbox.responses.error_responses import (
    GraphFailure,
    missing_permission,
    page_token_required,
)
from conversations.sandbox.switches import Switches
from conversations.sandbox.webhooks.bodies import Outgoing
from conversations.sandbox.webhooks.sender import WebhookSender

from .edge_names import MESSAGES, UPLOADS
from .reply_windows import check_window
from .send_parameters import AskedMessage, asked_message, recipient_id, upload
from .send_refusals import refusal, too_long
from .send_switches import SendSwitches
from .thread_control import ThreadControl
from .uploads import SavedFile, Uploads

PERMISSIONS = {"messenger": "pages_messaging", "instagram": "instagram_manage_messages"}
STICKERS = "https://scontent.example.fbcdn.net/v/t39.1997-6"
MEDIA = re.compile(r'"type"\s*:\s*"(audio|video)"', re.IGNORECASE)
Act = Callable[[], None]


class SendApi:
    def __init__(
        self, world: World, switches: Switches, limits: Limits, webhooks: WebhookSender, links: SignedLinks
    ) -> None:
        self.world, self.switches, self.limits, self.webhooks = world, switches, limits, webhooks
        self.send = SendSwitches()
        self.uploads = Uploads(self.send, world.clock, links)
        self.control = ThreadControl(switches, self.send)
        self.on_sent: list[Callable[[Thread, Message], None]] = []  # called for each message of the app

    # -- arrival -------------------------------------------------------------------------------------------
    def platform(self, request: Request, page: Page) -> str:
        """Return the platform that a call is about: that of the person, else the one it names."""
        thread = _thread_of(page, _recipient(request))
        return thread.platform if thread else request.params.get("platform", "messenger").lower()

    def arrive(self, request: Request, edge: str, platform: str, page: Page, now: float) -> None:
        """Count the call. Raises GraphFailure if it exceeds a limit."""
        if edge == MESSAGES:
            has_media = bool(MEDIA.search(request.params.get("message", "")))
            self.limits.arrive_to_send(page.id, platform, now, has_media=has_media)

    # -- the calls -----------------------------------------------------------------------------------------
    def answer(self, request: Request, token: Token, page: Page, edge: str, fault: Fault | None) -> Any:
        """Return the body of the answer, with what follows it. Raises GraphFailure."""
        if token.type != "PAGE":
            raise page_token_required(is_new_experience=page.has_new_experience)
        platform = self.platform(request, page)
        if PERMISSIONS.get(platform, "pages_messaging") not in token.granted:
            raise missing_permission(platform)
        if edge == UPLOADS:
            platform = platform_of(page, request.params)
            saved = self.uploads.file(upload(request), request, page.id, platform)
            return {"attachment_id": saved.id}
        if edge != MESSAGES:
            thread = self._thread(request, page, recipient_id(request.params))
            return self.control.answer(edge, request, thread, self.world.clock.now())
        return self._message(request, page, fault)

    def _thread(self, request: Request, page: Page, person_id: str) -> Thread:
        thread = _thread_of(page, person_id)
        if thread is None:
            is_instagram = request.params.get("platform", "").lower() == "instagram"
            raise refusal("unknown instagram person" if is_instagram else "unknown person")
        return thread

    def _message(self, request: Request, page: Page, fault: Fault | None) -> Any:
        asked = asked_message(request, self.send)
        with self.world.lock:
            thread = self._thread(request, page, asked.recipient_id)
            self._check(thread, asked)
        if asked.action:
            with self.world.lock:
                return self._do(thread, asked)
        files = [self.uploads.file(each, request, page.id, thread.platform) for each in asked.files]
        return self._sent(thread, asked, files, fault)

    # -- checks --------------------------------------------------------------------------------------------
    def _check(self, thread: Thread, asked: AskedMessage) -> None:
        now = self.world.clock.now()
        if name := thread.page.send_refusal:
            raise refusal(name)
        self.control.check(thread, now)
        if name := thread.unreachable:
            raise refusal(name)
        if not self._is_open_to(thread):
            raise refusal(self.send.tester_refusal)
        if not asked.action or self.send.actions_need_window:
            check_window(thread, asked.tag, self.send, now)
        self._check_contents(thread, asked)

    def _is_open_to(self, thread: Thread) -> bool:
        needs_role = self.switches.standard_access or self.switches.app == "development"
        return not needs_role or (thread.customer is not None and thread.customer.has_role)

    def _check_contents(self, thread: Thread, asked: AskedMessage) -> None:
        limit, is_instagram = self.send.max_instagram_bytes, thread.platform == "instagram"
        if is_instagram and limit and len(asked.text.encode("utf-8", "surrogatepass")) > limit:
            raise too_long("message[text]", limit)
        if is_instagram and asked.sticker_id:
            raise refusal("instagram data")
        has_file = bool(asked.files or asked.template or asked.sticker_id)
        if asked.text and has_file and self.send.text_with_file == "refused":
            raise refusal("instagram data" if is_instagram else "invalid parameter")
        is_known = asked.reply_to is None or thread.history.position_of(asked.reply_to) is not None
        if not is_known and self.send.unknown_reply_to == "refused":
            raise refusal("invalid parameter")

    # -- acts without a message ----------------------------------------------------------------------------
    def _do(self, thread: Thread, asked: AskedMessage) -> dict[str, Any]:
        if asked.action == "MARK_SEEN" and self.send.mark_seen_marks_read:
            thread.unread_count = 0
        if asked.action in ("REACT", "UNREACT"):
            target, shown = str(asked.payload.get("message_id", "")), asked.payload.get("reaction")
            if thread.history.position_of(target) is None or (asked.action == "REACT" and not shown):
                raise refusal("invalid parameter")
            self.world.react(thread, target, str(shown) if asked.action == "REACT" else None, by_page=True)
        return {"recipient_id": asked.recipient_id}

    # -- the message ---------------------------------------------------------------------------------------
    def _sent(
        self, thread: Thread, asked: AskedMessage, files: list[SavedFile], fault: Fault | None
    ) -> Followed:
        parts = self._parts(thread, asked, files) * (fault.copies if fault else 1)
        with self.world.lock:
            ids = [self.world.new_message_id(thread) for _ in parts]
        deliver = partial(self._deliver, thread, asked, list(zip(ids, parts, strict=True)))
        if fault and fault.late_seconds:
            self.webhooks.at(fault.late_seconds, lambda: _run(deliver()))
            after: list[Act] = []
        else:
            after = deliver()
        answer = {"recipient_id": asked.recipient_id, "message_id": self._shown_id(thread, ids[-1])}
        if reusable := [file.id for file in files if file.is_reusable]:
            answer["attachment_id"] = reusable[0]
        omitted = fault.omit if fault else ()
        return Followed({name: value for name, value in answer.items() if name not in omitted}, after)

    def _parts(self, thread: Thread, asked: AskedMessage, files: list[SavedFile]) -> list[dict[str, Any]]:
        """Return what `world.add_message` gets, for each message: a text and a file are two."""
        parts: list[dict[str, Any]] = []
        if asked.text:
            parts.append({"message": asked.text})
        if files:
            parts.append({"message": "", "attachments": [file.as_attachment() for file in files]})
        if asked.template:
            parts.append({"message": "", "attachments": [_template(asked.template)]})
        if asked.sticker_id:
            parts.append({"message": "", "sticker": f"{STICKERS}/{asked.sticker_id}_sticker.png"})
        if asked.reply_to and thread.history.position_of(asked.reply_to) is not None:
            answered = self.world.message(thread, asked.reply_to)
            quote = {"mid": asked.reply_to, "is_self_reply": thread.is_business(answered.sender)}
            parts = [part | {"reply_to": quote} for part in parts]
        return parts

    def _shown_id(self, thread: Thread, id: str) -> str:
        is_bare = self.send.message_id_form == "bare" and thread.platform == "messenger"
        return id.removeprefix("m_") if is_bare else id

    def _deliver(
        self, thread: Thread, asked: AskedMessage, parts: list[tuple[str, dict[str, Any]]]
    ) -> list[Act]:
        """Add the messages to the thread. Return what is to happen after the answer."""
        told = self._told(thread, asked)
        with self.world.lock, self.webhooks.holding() as held:
            sent = [
                self.world.add_message(thread, id=id, from_page=True, told=told, **part) for id, part in parts
            ]
            if self.send.answer_marks_read:
                thread.unread_count = 0
        self._plan_receipts(thread, sent[-1])
        for observe in self.on_sent:
            observe(thread, sent[-1])
        return self._echo(held)

    def _told(self, thread: Thread, asked: AskedMessage) -> dict[str, Any]:
        has_metadata = thread.platform in self.send.echo_metadata and asked.metadata is not None
        app_id = int(self.switches.app_id) if self.send.echo_app_id else None
        return {"app_id": app_id, **({"metadata": asked.metadata} if has_metadata else {})}

    def _echo(self, held: list[Outgoing]) -> list[Act]:
        match self.send.echo:
            case "after" if self.webhooks.is_running:  # else it waits for `send_due`
                return [partial(self.webhooks.release, held)]
            case "never":
                self.webhooks.dropped += [each.item for each in held]
            case "late":
                self.webhooks.release(held, self.send.echo_seconds)
            case "any" | "after":
                self.webhooks.release(held)
            case "before":
                self.webhooks.release(held)
                self.webhooks.send_due()
        return []

    def _plan_receipts(self, thread: Thread, message: Message) -> None:
        """Have the customer get the message, and see it, after the seconds of the switches."""
        for seconds, mark in (
            (self.send.delivered_after, self.world.mark_delivered),
            (self.send.seen_after, self.world.mark_read),
        ):
            if seconds is not None:
                self.webhooks.at(seconds, partial(mark, thread, message.created_time))


def _run(acts: list[Act]) -> None:
    for act in acts:
        act()


def _template(payload: dict[str, Any]) -> dict[str, Any]:
    elements = payload.get("elements")
    first = elements[0] if isinstance(elements, list) and elements and isinstance(elements[0], dict) else {}
    shown = {"title": first.get("title") or payload.get("text"), "subtitle": first.get("subtitle")}
    return {"id": "1", "generic_template": {name: value for name, value in shown.items() if value}}


def _recipient(request: Request) -> str:
    """Return the person's ID if the call names one in a right form."""
    try:
        return recipient_id(request.params)
    except GraphFailure:  # what is wrong with it is told later
        return ""


def _thread_of(page: Page, person_id: str) -> Thread | None:
    if not person_id:
        return None
    threads = page.threads.values()
    return next((each for each in threads if each.customer and each.customer.id == person_id), None)
