"""An inbox that moves by a seed: random threads and messages, also while a sandbox serves them.

    inbox = MovingInbox(world, shop, Random(7))
    inbox.fill(40)
    with inbox.moving(sandbox, 12):      # so many moves at most, between the answers of the sandbox
        sync()
    inbox.rest()
    assert_settled(sync, page, inbox)    # checks.py

The world's clock runs two days late: what happens in it lies in the past of whoever copies it.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

from conversations.sandbox import Page, Person, SandboxServer, Thread, World, media

LATE_SECONDS = 2 * 86400
PAUSES = (0, 0, 0, 0, 0.4, 1, 1, 5, 60)  # before a move: most share their second with the one before
WORDS = ("Hello", "Are you open?", "Grüße aus Köln", "شكرا", "👍🏽", "Order 4711", "thx")


class MovingInbox:
    """The world of one Page and what happens in it. Only one thread at a time moves it."""

    def __init__(
        self, world: World, shop: Page, draw: Random, *, platforms: tuple[str, ...] = ("messenger",)
    ) -> None:
        self.world, self.shop, self.draw, self.platforms = world, shop, draw, platforms
        self._people: dict[str, Person] = {}  # by thread: its customer, also while not named
        self._nameless: set[str] = set()  # threads whose customer is not named at the moment
        self._numbers = 0
        world.clock.run(time.time() - LATE_SECONDS)

    def fill(self, count: int) -> None:
        """So many threads of the last days, several of them updated in the same second."""
        now = int(self.world.clock.now())
        for _ in range(count):
            with self.world.lock:
                self._new_thread(now - 600 * self.draw.randrange(1, 2 + count // 2))

    def move(self, count: int = 1) -> None:
        for _ in range(count):
            with self.world.lock:
                self.world.clock.advance(self.draw.choice(PAUSES))
                self.draw.choices(list(MOVES), list(MOVES.values()))[0](self)

    @contextmanager
    def moving(self, sandbox: SandboxServer, moves: int) -> Iterator[None]:
        """Meanwhile something happens after every few answers of the sandbox."""
        ended = threading.Event()
        mover = threading.Thread(target=self._move_along, args=(sandbox, moves, ended), daemon=True)
        mover.start()
        try:
            yield
        finally:
            ended.set()
            mover.join()

    def rest(self) -> None:
        """Whoever went without a name tells it again: then a copy can hold exactly what is shown."""
        for thread_id in sorted(self._nameless):
            self.shop.threads[thread_id].customer = self._people[thread_id]
            self.world.clock.advance(1)
            self.world.add_message(self.shop.threads[thread_id], "It is me")
        self._nameless.clear()

    def _move_along(self, sandbox: SandboxServer, moves: int, ended: threading.Event) -> None:
        for _ in range(moves):
            calls = len(sandbox.ledger) + self.draw.randrange(1, 4)
            while len(sandbox.ledger) < calls:
                if ended.wait(0.001):
                    return
            self.move()

    # What happens

    def _write(self, thread: Thread | None = None) -> None:
        thread = thread or self._some_thread()
        from_page = self.draw.random() < 0.4
        self.world.add_message(thread, **self._message(from_page, nameless=self.draw.random() < 0.05))
        thread.unread_count = 0 if from_page else thread.unread_count + 1

    def _write_much(self) -> None:
        thread = self._some_thread()
        for _ in range(self.draw.randrange(5, 60)):
            self._write(thread)
            if self.draw.random() < 0.3:
                self.world.clock.advance(1)

    def _newcomer(self) -> None:
        self._new_thread(self.world.clock.now())

    def _second_thread(self) -> None:
        """Of a sender who has one already."""
        thread = self._some_thread()
        if thread.id not in self._nameless:
            person = self._people[thread.id]
            self._new_thread(self.world.clock.now(), platform=thread.platform, customer=person)

    def _rename(self) -> None:
        """With a message: a list says nothing of a name that changed by itself."""
        thread = self._some_thread()
        if self._is_only_one(thread):
            self._people[thread.id] = self._person(thread.platform, self._people[thread.id].id)
            thread.customer = self._people[thread.id]
            self._write(thread)

    def _lose_name(self) -> None:
        thread = self._some_thread()
        if self._is_only_one(thread):
            self._nameless.add(thread.id)
            thread.customer = Person(self._people[thread.id].id)
            self._write(thread)

    def _stale_cursors(self) -> None:
        self.world.expire_cursors()

    # With what

    def _some_thread(self) -> Thread:
        return self.draw.choice(list(self.shop.threads.values()))

    def _is_only_one(self, thread: Thread) -> bool:
        """Of its sender, who is named."""
        ids = [person.id for person in self._people.values()]
        return thread.id not in self._nameless and ids.count(self._people[thread.id].id) == 1

    def _new_thread(self, end: float, *, platform: str = "", customer: Person | None = None) -> None:
        platform = platform or self.draw.choice(self.platforms)
        size = self.draw.choice([1, 1, 2, 3, 4, self.draw.randrange(5, 30), self.draw.randrange(5, 90)])
        messages = []
        for place in range(size):
            message = self._message(bool(place % 2))
            messages.append(message | {"created_time": end - (size - 1 - place) // 3 * 50})
        customer = customer or self._person(platform)
        thread = self.world.add_conversation(
            self.shop, customer, messages, platform=platform, updated_time=end, unread_count=size % 3
        )
        self._people[thread.id] = customer

    def _person(self, platform: str, id: str = "") -> Person:
        self._numbers += 1
        name = f"{self.draw.choice(('Ana', 'Ben', 'Zoë', '李'))} {self._numbers}"
        username = name.lower().replace(" ", ".") if platform == "instagram" else None
        return Person(id or str(7_000_000_000_000 + self._numbers), name, username)

    def _message(self, from_page: bool, *, nameless: bool = False) -> dict[str, Any]:
        self._numbers += 1
        message = {"message": f"{self.draw.choice(WORDS)} {self._numbers}", "from_page": from_page}
        if self.draw.random() < 0.1:
            maker = self.draw.choice(media.KINDS)
            message |= maker(self._numbers)
            message["message"] = "" if maker in media.WORDLESS else message["message"]
        return message | {"nameless": nameless}


MOVES = {
    MovingInbox._write: 60,
    MovingInbox._write_much: 8,
    MovingInbox._newcomer: 15,
    MovingInbox._second_thread: 8,
    MovingInbox._rename: 4,
    MovingInbox._lose_name: 3,
    MovingInbox._stale_cursors: 2,
}
