"""What a sandbox serves, and how to change it, also while it is served."""

import itertools
import math
import threading
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Literal

from conversations.sandbox.clock import Moment, WorldClock, epoch
from conversations.sandbox.responses.error_responses import REDUCE_DATA, GraphFailure

from .absent import ABSENT, Absent
from .facebook_page import Page, Poison, Thread
from .history import Message
from .ids import message_digest, message_id, old_message_id, thread_id
from .people import Person, Token, User
from .world_events import Kind, Observer, WorldEvent, reaction_changes, with_reaction

__all__ = ["Page", "Poison", "Thread", "World"]

SOMEBODY = Person("")  # the default customer: a new person with a made-up name


class World:
    def __init__(self, clock: WorldClock | None = None) -> None:
        self.clock = clock or WorldClock()
        self.lock = threading.RLock()
        self.pages: dict[str, Page] = {}
        self.users: dict[str, User] = {}
        self.tokens: dict[str, Token] = {}
        self.apps: dict[str, str] = {}  # names of other apps, by ID
        self.cursor_generation = 0
        self.has_old_ids = False  # new messages of Messenger get an ID in the form of some years ago
        self.observers: list[Observer] = []  # of all that happens, while `lock` is held
        self._numbers = itertools.count(1)

    # Pages and tokens

    def add_page(
        self, id: str = "900000000000001", name: str = "Demo Shop", token: str | None = None, **fields: Any
    ) -> Page:
        page = Page(id, name, token or f"EAAsandboxPage{id}", **fields)
        with self.lock:
            self.pages[id] = page
            self.add_token(page.token, id, "PAGE")
        return page

    def add_user(
        self,
        id: str = "600000000000001",
        name: str = "Uma User",
        token: str | None = None,
        pages: Iterable[Page] = (),
    ) -> User:
        user = User(id, name, token or f"EAAsandboxUser{id}", [page.id for page in pages])
        with self.lock:
            self.users[id] = user
            self.add_token(user.token, id, "USER")
        return user

    def add_token(self, value: str, holder_id: str, type: str = "PAGE", **fields: Any) -> Token:
        """Another token of a Page or user, for example one that expires."""
        self.tokens[value] = Token(value, holder_id, type, **fields)
        return self.tokens[value]

    def break_token(self, value: str, subcode: int = 0) -> None:
        """Refuse it with code 190: 460 password changed, 463 expired, 492 role lost, 0 no subcode."""
        self.tokens[value].broken = subcode

    def repair_token(self, value: str) -> None:
        self.tokens[value].broken = None

    def migrate_page(self, page: Page, new_id: str) -> Page:
        """Merge a Page into another one, which is made unless it exists; it receives the threads.

        Calls for the former Page fail with code 21. Its messages still name the former id."""
        with self.lock:
            new = self.pages.get(new_id) or self.add_page(new_id, page.name, about=page.about)
            page.migrated_to = new.id
            new.take_threads(page)
            for user in self.users.values():
                known = [new.id if id == page.id else id for id in user.page_ids]
                user.page_ids = list(dict.fromkeys(known))
        return new

    def expire_cursors(self) -> None:
        """From now on answer every cursor issued so far with code 2642."""
        self.cursor_generation += 1

    # Threads

    def add_conversation(
        self,
        page: Page,
        customer: Person | str | None = SOMEBODY,
        messages: int | Iterable[str | dict[str, Any]] = 1,
        *,
        platform: str = "messenger",
        id: str | None = None,
        updated_time: Moment | None = None,
        **fields: Any,
    ) -> Thread:
        """`messages`: a number, or texts and dicts of `add_message`, oldest first, a minute apart, the last
        at `updated_time` (default: now). `customer`: a person, a name, or None for a deleted one."""
        with self.lock:
            number = next(self._numbers)
            end = self.clock.now() if updated_time is None else epoch(updated_time)
            person = self._person(customer, number, platform)
            thread = Thread(
                page, id or thread_id(platform, number), 500000000000000 + number, platform, person, end
            )
            for name, value in fields.items():
                setattr(thread, name, value)
            self.place(thread)
            self._fill(thread, messages, end)
        return thread

    def place(self, thread: Thread) -> None:
        """Add a finished thread to its list."""
        with self.lock:
            thread.page.threads[thread.id] = thread
            thread.page.listing(thread.platform, thread.folder).place(thread)

    def remove_conversation(self, thread: Thread) -> None:
        with self.lock:
            del thread.page.threads[thread.id]
            thread.page.listing(thread.platform, thread.folder).remove(thread)

    def touch(self, thread: Thread, updated_time: Moment | None = None) -> None:
        """Give a thread another `updated_time` (default: now) and so another position in the list."""
        with self.lock:
            listing = thread.page.listing(thread.platform, thread.folder)
            listing.remove(thread)
            thread.updated_time = self.clock.now() if updated_time is None else epoch(updated_time)
            listing.place(thread)

    def poison(
        self,
        thread: Thread,
        failure: GraphFailure | int = 1,
        message: str = REDUCE_DATA,
        *,
        when: Literal["listed", "messages"] = "messages",
        status: int = 500,
        subcode: int | None = None,
        until: Moment = math.inf,
    ) -> None:
        """By default a thread that is too heavy at any size. `failure`: an error, or its code."""
        if not isinstance(failure, GraphFailure):
            failure = GraphFailure(failure, message, subcode=subcode, status=status)
        thread.poison = Poison(failure, when, epoch(until))

    # Messages

    def add_message(
        self,
        thread: Thread,
        message: str | None = "Hello",
        *,
        from_page: bool = False,
        nameless: bool = False,
        sender: Person | None = None,
        created_time: Moment | None = None,
        id: str | None = None,
        raw: Any = ABSENT,
        is_new: bool = True,
        told: dict[str, Any] | None = None,
        **fields: Any,
    ) -> Message:
        """A new message (default: now, from the customer) moves its thread; a `nameless` one has no `from`;
        `sender`: somebody else; `fields` are Graph's: attachments=[…], sticker="https://…", shares=[…], …

        `told` is what only the webhook says: app_id, metadata, quick_reply, referral. No webhook tells of one
        that is not `is_new`, or that is nameless."""
        with self.lock:
            at = self.clock.now() if created_time is None else epoch(created_time)
            sender = None if nameless else sender or (thread.business if from_page else thread.customer)
            new = Message(id or self._message_id(thread, at), at, sender, message, fields, raw)
            thread.history.add(new)
            thread.page.added_messages[new.id] = thread
            if at > thread.updated_time:
                self.touch(thread, at)
            if is_new and sender is not None:
                self._tell("message", thread, at, new, told)
        return new

    def new_message_id(self, thread: Thread) -> str:
        """Return an ID for a message that is yet to be added."""
        with self.lock:
            return self._message_id(thread, self.clock.now())

    def edit_message(
        self, thread: Thread, message_id: str, message: str | Absent | None = ABSENT, **fields: Any
    ) -> Message:
        """Another state of a message, at its place; a field that is ABSENT is removed.

        Raises ValueError if the thread has no such message."""
        with self.lock:
            known = self.message(thread, message_id)
            newer = {name: v for name, v in (known.fields | fields).items() if v is not ABSENT}
            text = known.message if isinstance(message, Absent) else message
            edited = replace(known, message=text, fields=newer, edits=known.edits + (text != known.message))
            thread.history.replace(message_id, edited)
            thread.page.added_messages[message_id] = thread
            if edited.edits > known.edits:
                self._tell("message_edit", thread, self.clock.now(), edited)
            self._tell_reactions(thread, known, edited)
        return edited

    def react(
        self, thread: Thread, message_id: str, reaction: str | None = "love", *, by_page: bool = False
    ) -> Message:
        """React to a message; None takes the reaction back."""
        with self.lock:
            actor = thread.business.id if by_page or not thread.customer else thread.customer.id
            before = self.message(thread, message_id).fields.get("reactions")
            return self.edit_message(thread, message_id, reactions=with_reaction(before, actor, reaction))

    def message(self, thread: Thread, message_id: str) -> Message:
        position = thread.history.position_of(message_id)
        if position is None:
            raise ValueError(f"no message {message_id}")
        return thread.history.newest(position, position + 1)[0]

    def change_person_id(self, thread: Thread, new_id: str, *, in_messages: bool = True) -> Person | None:
        """Facebook gives the person of a thread another id; with `in_messages` also in the old messages."""
        with self.lock:
            if thread.customer is None:
                return None
            if in_messages:
                thread.customer.id = new_id
            else:
                thread.customer = replace(thread.customer, id=new_id)
        return thread.customer

    def remove_message(self, thread: Thread, message_id: str) -> None:
        """Unsend a message: it is no longer listed, and a request for its ID fails."""
        with self.lock:
            position = thread.history.position_of(message_id)
            if position is not None:
                self._tell("unsend", thread, self.clock.now(), self.message(thread, message_id))
            thread.history.remove(message_id)

    # What only webhooks tell

    def mark_read(self, thread: Thread, until: Moment | None = None) -> None:
        """The customer has seen what the business wrote until then (default: now)."""
        self._mark("read", thread, until)

    def mark_delivered(self, thread: Thread, until: Moment | None = None) -> None:
        """What the business wrote has arrived. Instagram does not tell."""
        self._mark("delivery", thread, until)

    def tap_button(self, thread: Thread, title: str, payload: str = "PAYLOAD", **told: Any) -> Message:
        """The customer taps a button: lists show a message with its title, the webhook is a `postback`."""
        with self.lock:
            message = self.add_message(thread, title, is_new=False)
            self._tell("postback", thread, message.created_time, message, {"payload": payload, **told})
        return message

    def refer(self, thread: Thread, **referral: Any) -> None:
        """An advertisement or a link brings the customer back: source=, type=, ref=, ad_id= …"""
        with self.lock:
            self._tell("referral", thread, self.clock.now(), None, referral)

    def _mark(self, kind: Kind, thread: Thread, until: Moment | None) -> None:
        with self.lock:
            at = self.clock.now() if until is None else epoch(until)
            newest = thread.history.newest(0, len(thread.history))
            ids = [each.id for each in newest if thread.is_business(each.sender) and each.created_time <= at]
            self._tell(kind, thread, self.clock.now(), None, {"until": at, "ids": ids[:1]})

    def _tell_reactions(self, thread: Thread, before: Message, after: Message) -> None:
        reactions = before.fields.get("reactions"), after.fields.get("reactions")
        for person, name, emoji in reaction_changes(*reactions):
            by_page = person == thread.business.id
            values = {"action": "react", "reaction": name, "emoji": emoji} if name else {"action": "unreact"}
            self._tell("reaction", thread, self.clock.now(), after, values, by_page=by_page)

    def _tell(
        self,
        kind: Kind,
        thread: Thread,
        at: float,
        message: Message | None,
        values: dict[str, Any] | None = None,
        *,
        by_page: bool | None = None,
    ) -> None:
        if by_page is None:
            by_page = message is not None and thread.is_business(message.sender)
        if thread.customer is not None:
            if kind in ("reaction", "referral") and not by_page:
                thread.customer_acts[kind] = max(at, thread.customer_acts.get(kind, at))
            event = WorldEvent(kind, thread, thread.customer, at, by_page, message, values or {})
            for observe in self.observers:
                observe(event)

    def _person(self, customer: Person | str | None, number: int, platform: str) -> Person | None:
        if customer is SOMEBODY:
            customer = f"Customer {number}"
        if not isinstance(customer, str):
            return customer
        username = customer.lower().replace(" ", ".") if platform == "instagram" else None
        return Person(str(7000000000000000 + number), customer, username)

    def _message_id(self, thread: Thread, at: float) -> str:
        # With the time in it: a restarted sandbox must not give an old id to a new message.
        number = next(self._numbers)
        digest = message_digest(f"{thread.id}:{at}", number, 0)
        if self.has_old_ids and thread.platform == "messenger":
            return old_message_id(digest)
        id = message_id(thread.platform, digest, number, 0)
        return id.replace("m_m_", "m_n_", id.startswith("m_m_"))  # without m_ it would look complete

    def _fill(self, thread: Thread, messages: int | Iterable[str | dict[str, Any]], end: float) -> None:
        if isinstance(messages, int):
            texts = [f"Message {number}" for number in range(1, messages + 1)]
            messages = [{"message": text, "from_page": bool(i % 2)} for i, text in enumerate(texts)]
        given = [{"message": item} if isinstance(item, str) else item for item in messages]
        for minute, item in enumerate(given, start=1 - len(given)):
            self.add_message(thread, **{"created_time": end + 60 * minute, **item})
