"""Who has which conversation open, so that two people do not answer the same customer.

Nothing is stored. Browsers announce again and again what they have open; PostgreSQL passes that to all web
processes, and each remembers it until the announcement expires.
"""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import connection

from conversations.models import Conversation
from conversations.realtime.changes import send

CHANNEL = "inbox_presence"
EVENT = "presence"
EXPIRY_SECONDS = 75  # browsers announce every 30 seconds
SWEEP_SECONDS = 5
MAX_TABS = 20  # of one user
MAX_ALL_TABS = 5000  # of all users: the oldest are forgotten first

Send = Callable[[int, str, dict[str, Any]], None]
Place = tuple[int, int]  # a conversation: (Page ID, ID)


@dataclass(frozen=True)
class Tab:
    """A tab of a user, and the conversation that is open in it."""

    user_id: int
    name: str
    place: Place
    until: float  # seconds of a clock that never goes back


class Presence:
    """What is open in all tabs, as far as this process has heard of it."""

    def __init__(self, send: Send = send, clock: Callable[[], float] = time.monotonic) -> None:
        self._send, self._clock = send, clock
        self._tabs: dict[tuple[int, str], Tab] = {}  # by user and tab, the latest announcement last

    async def run(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            self.forget_expired()

    def handle(self, payload: str) -> None:
        """Remember an announcement, and tell the streams what it changes."""
        heard = json.loads(payload)
        key = heard["user"], heard["tab"]
        forgotten = [self._tabs.pop(key, None)]
        place = heard["page"], heard["conversation"]
        if heard["open"]:
            until = self._clock() + EXPIRY_SECONDS
            self._tabs[key] = Tab(heard["user"], heard["name"], place, until)
            forgotten += self._drop_surplus(heard["user"])
        before = {tab.place for tab in forgotten if tab}
        self._tell(before ^ {place} if heard["open"] else before)

    def _drop_surplus(self, user_id: int) -> list[Tab | None]:
        own = [key for key in self._tabs if key[0] == user_id]
        surplus = own[:-MAX_TABS] or list(self._tabs)[: len(self._tabs) - MAX_ALL_TABS]
        return [self._tabs.pop(key) for key in surplus]

    def forget_expired(self) -> None:
        now = self._clock()
        expired = [key for key, tab in self._tabs.items() if tab.until < now]
        self._tell({self._tabs.pop(key).place for key in expired})

    def _tell(self, places: set[Place]) -> None:
        for page_id, pk in places:
            people = self.people(pk)
            self._send(page_id, EVENT, {"pageId": page_id, "conversationId": pk, "people": people})

    def people(self, conversation_id: int) -> list[dict[str, Any]]:
        """Return who has the conversation open, by name: {id, name}. May be called from any thread."""
        tabs = [tab for tab in list(self._tabs.values()) if tab.place[1] == conversation_id]
        names = {tab.user_id: tab.name for tab in tabs}
        return [{"id": pk, "name": name} for pk, name in sorted(names.items(), key=lambda item: item[1])]


def announce(conversation: Conversation, user, tab: str, *, is_open: bool) -> None:
    """Tell all processes that this tab of the user has the conversation open, or has no longer."""
    heard = {
        "page": conversation.page_id,
        "conversation": conversation.pk,
        "user": user.pk,
        "name": user.get_username(),
        "tab": tab,
        "open": is_open,
    }
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, json.dumps(heard)])


presence = Presence()
