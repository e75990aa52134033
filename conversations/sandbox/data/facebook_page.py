"""A Page of the sandbox's world, and its threads."""

import math
from dataclasses import dataclass, field
from typing import Any, Literal

from conversations.sandbox.responses.error_responses import GraphFailure

from .endless import Endless
from .history import ABSENT, History, Listing
from .people import Person


@dataclass(frozen=True)
class Poison:
    """Make every answer with this thread fail, or only those that read its messages."""

    failure: GraphFailure
    when: Literal["listed", "messages"] = "messages"
    until: float = math.inf  # by the world's clock


@dataclass(eq=False, slots=True)
class Thread:
    page: "Page"
    id: str
    number: int  # in its inbox link
    platform: str
    customer: Person | None
    updated_time: float
    history: History = field(default_factory=History)
    folder: str = "inbox"
    unread_count: int = 0
    can_reply: bool = True
    hidden: bool = False  # in the list but not shown, as with Facebook's privacy filters
    poison: Poison | None = None
    message_count: int | None = None  # Facebook's estimate; None: the true number
    endless: Endless | None = None  # its messages have no end
    growth: int = 0  # messages that arrive before each answer of its messages edge
    is_standby: bool = False  # another application answers there: its webhooks come as `standby`
    owner_app_id: str | None = None  # the app that answers there; None: any may
    owned_until: float = math.inf  # by the world's clock
    unreachable: str | None = None  # why nothing can be sent to the person: a name in send_refusals.py
    # When the customer last did what is no message: reaction, referral.
    customer_acts: dict[str, float] = field(default_factory=dict)
    identity: Person | None = None  # the business as it appears in this thread, if another than in the others
    raw: Any = ABSENT  # laid over the answer; anything but a dict replaces it

    @property
    def business(self) -> Person:
        return self.identity or self.page.identities[self.platform]

    def is_business(self, person: Person | None) -> bool:
        """Whether it is the Page under any of its ids."""
        if person is None or person is self.customer:
            return False
        return person is self.business or self.page.is_own_identity(person)


@dataclass(eq=False)
class Page:
    id: str
    name: str
    token: str
    instagram_id: str | None = None
    instagram_username: str | None = None
    instagram_thread_id: str | None = None  # the account's id in its threads; default: instagram_id
    category: str = "Shopping & retail"
    about: str | None = None
    has_new_experience: bool = False  # the New Pages Experience
    migrated_to: str | None = None  # the id of another Page; every call fails with code 21
    is_gone: bool = False  # deleted or unpublished: every call fails with code 100/33
    former_identities: list[Person] = field(default_factory=list)  # who else the business has been or is
    tasks: tuple[str, ...] = ("MANAGE", "CREATE_CONTENT", "MODERATE", "MESSAGING", "ADVERTISE", "ANALYZE")
    subscribed_fields: tuple[str, ...] = ()  # of its webhooks to the app; empty: it is not subscribed
    send_refusal: str | None = None  # why the Page may not send: a name in send_refusals.py
    other_apps: list[dict[str, Any]] = field(default_factory=list)  # further ones that are subscribed
    threads: dict[str, Thread] = field(default_factory=dict)
    added_messages: dict[str, Thread] = field(default_factory=dict)  # by id; generated ones name their thread
    listings: dict[tuple[str, str], Listing[Thread]] = field(default_factory=dict)  # by platform and folder
    endless: dict[str, Endless] = field(default_factory=dict)  # by platform: its inbox has no end

    def __post_init__(self) -> None:
        self.identities = {"messenger": Person(self.id, self.name)}
        if self.instagram_id:
            id = self.instagram_thread_id or self.instagram_id
            user_id = self.instagram_id if self.instagram_thread_id else None
            self.identities["instagram"] = Person(id, username=self.instagram_username, user_id=user_id)

    def is_own_identity(self, person: Person) -> bool:
        return any(person is identity for identity in (*self.identities.values(), *self.former_identities))

    def listing(self, platform: str, folder: str = "inbox") -> Listing[Thread]:
        return self.listings.setdefault((platform, folder), Listing())

    def take_threads(self, former: "Page") -> None:
        """Take the threads of a Page that was merged into this one."""
        self.former_identities += [*former.identities.values(), *former.former_identities]
        for thread in list(former.threads.values()):
            thread.identity = thread.business
            former.listing(thread.platform, thread.folder).remove(thread)
            thread.page = self
            self.threads[thread.id] = thread
            self.listing(thread.platform, thread.folder).place(thread)
        self.added_messages |= former.added_messages
        former.threads, former.added_messages = {}, {}
