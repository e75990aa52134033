"""An inbox that changes at random, by a seed, also while a sandbox serves it.

    inbox = ChangingInbox(world, shop, Random(7))
    inbox.fill(40)
    with inbox.changing(sandbox, 12):    # at most 12 changes, between the responses of the sandbox
        sync()
    inbox.restore_names()
    assert_settled(sync, page, inbox)    # checks.py

The clock of the world is two days slow, so that its messages are in the past of the process that syncs.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

from conversations.sandbox import Endless, Page, Person, SandboxServer, Thread, World
from conversations.sandbox.data import media

CLOCK_DELAY_SECONDS = 2 * 86400
PAUSES = (0, 0, 0, 0, 0.4, 1, 1, 5, 60)  # before a change: most are in the same second as the one before
PHRASES = ("Hello", "Are you open?", "Grüße aus Köln", "شكرا", "👍🏽", "Order 4711", "thx")


class ChangingInbox:
    """The world of one Page and its changes. Only one thread at a time may change it."""

    def __init__(
        self, world: World, shop: Page, rng: Random, *, platforms: tuple[str, ...] = ("messenger",)
    ) -> None:
        self.world, self.shop, self.rng, self.platforms = world, shop, rng, platforms
        self._people: dict[str, Person] = {}  # the customer of each thread, also while the name is missing
        self._nameless: set[str] = set()  # threads whose customer has no name at the moment
        self._counter = 0
        world.clock.run(time.time() - CLOCK_DELAY_SECONDS)

    def fill(self, count: int) -> None:
        """Add threads of the last days. Several of them have the same second of their last update."""
        now = int(self.world.clock.now())
        for _ in range(count):
            with self.world.lock:
                self._new_thread(now - 600 * self.rng.randrange(1, 2 + count // 2))

    def change(self, count: int = 1) -> None:
        for _ in range(count):
            with self.world.lock:
                self.world.clock.advance(self.rng.choice(PAUSES))
                self.rng.choices(list(CHANGES), list(CHANGES.values()))[0](self)

    @contextmanager
    def changing(self, sandbox: SandboxServer, changes: int) -> Iterator[None]:
        """Change the inbox in another thread, once after every few responses of the sandbox."""
        ended = threading.Event()
        changer = threading.Thread(target=self._change_during, args=(sandbox, changes, ended), daemon=True)
        changer.start()
        try:
            yield
        finally:
            ended.set()
            changer.join()

    def restore_names(self) -> None:
        """Give every customer a name again: a copy keeps a name that the sandbox no longer returns."""
        for thread_id in sorted(self._nameless):
            self.shop.threads[thread_id].customer = self._people[thread_id]
            self.world.clock.advance(1)
            self.world.add_message(self.shop.threads[thread_id], "It is me")
        self._nameless.clear()

    def make_endless(self, where: str) -> None:
        """Let the list of a platform ("inbox") or a thread go on forever, without anything new."""
        endless = Endless(self.rng.choice(["none", "repeated"]), self.rng.choice(["same", "new"]))
        with self.world.lock:
            if where == "inbox":
                self.shop.endless[self.rng.choice(self.platforms)] = endless
            else:
                self._some_thread().endless = endless

    def end_lists(self) -> None:
        """Let all lists end."""
        with self.world.lock:
            self.shop.endless.clear()
            for thread in self.shop.threads.values():
                thread.endless = None

    def _change_during(self, sandbox: SandboxServer, changes: int, ended: threading.Event) -> None:
        for _ in range(changes):
            calls = len(sandbox.call_log) + self.rng.randrange(1, 4)
            while len(sandbox.call_log) < calls:
                if ended.wait(0.001):
                    return
            self.change()

    # The changes

    def _add_message(self, thread: Thread | None = None) -> None:
        thread = thread or self._some_thread()
        from_page = self.rng.random() < 0.4
        self.world.add_message(thread, **self._message(from_page, nameless=self.rng.random() < 0.05))
        thread.unread_count = 0 if from_page else thread.unread_count + 1

    def _add_many_messages(self) -> None:
        thread = self._some_thread()
        for _ in range(self.rng.randrange(5, 60)):
            self._add_message(thread)
            if self.rng.random() < 0.3:
                self.world.clock.advance(1)

    def _add_customer(self) -> None:
        self._new_thread(self.world.clock.now())

    def _add_second_thread(self) -> None:
        """Add a thread of a customer who already has one."""
        thread = self._some_thread()
        if thread.id not in self._nameless:
            person = self._people[thread.id]
            self._new_thread(self.world.clock.now(), platform=thread.platform, customer=person)

    def _change_name(self) -> None:
        """Change a name and add a message, because a list does not announce a changed name alone."""
        thread = self._some_thread()
        if self._is_only_thread(thread):
            self._people[thread.id] = self._person(thread.platform, self._people[thread.id].id)
            thread.customer = self._people[thread.id]
            self._add_message(thread)

    def _remove_name(self) -> None:
        thread = self._some_thread()
        if self._is_only_thread(thread):
            self._nameless.add(thread.id)
            thread.customer = Person(self._people[thread.id].id)
            self._add_message(thread)

    def _expire_cursors(self) -> None:
        self.world.expire_cursors()

    # The data of the changes

    def _some_thread(self) -> Thread:
        return self.rng.choice(list(self.shop.threads.values()))

    def _is_only_thread(self, thread: Thread) -> bool:
        """Whether the customer has a name and no other thread."""
        ids = [person.id for person in self._people.values()]
        return thread.id not in self._nameless and ids.count(self._people[thread.id].id) == 1

    def _new_thread(self, end: float, *, platform: str = "", customer: Person | None = None) -> None:
        platform = platform or self.rng.choice(self.platforms)
        size = self.rng.choice([1, 1, 2, 3, 4, self.rng.randrange(5, 30), self.rng.randrange(5, 90)])
        messages = []
        for index in range(size):
            message = self._message(bool(index % 2))
            messages.append(message | {"created_time": end - (size - 1 - index) // 3 * 50})
        customer = customer or self._person(platform)
        thread = self.world.add_conversation(
            self.shop, customer, messages, platform=platform, updated_time=end, unread_count=size % 3
        )
        self._people[thread.id] = customer

    def _person(self, platform: str, id: str = "") -> Person:
        self._counter += 1
        name = f"{self.rng.choice(('Ana', 'Ben', 'Zoë', '李'))} {self._counter}"
        username = name.lower().replace(" ", ".") if platform == "instagram" else None
        return Person(id or str(7_000_000_000_000 + self._counter), name, username)

    def _message(self, from_page: bool, *, nameless: bool = False) -> dict[str, Any]:
        self._counter += 1
        message = {"message": f"{self.rng.choice(PHRASES)} {self._counter}", "from_page": from_page}
        if self.rng.random() < 0.1:
            create_media = self.rng.choice(media.KINDS)
            message |= create_media(self._counter)
            message["message"] = "" if create_media in media.WORDLESS else message["message"]
        return message | {"nameless": nameless}


CHANGES = {
    ChangingInbox._add_message: 60,
    ChangingInbox._add_many_messages: 8,
    ChangingInbox._add_customer: 15,
    ChangingInbox._add_second_thread: 8,
    ChangingInbox._change_name: 4,
    ChangingInbox._remove_name: 3,
    ChangingInbox._expire_cursors: 2,
}
