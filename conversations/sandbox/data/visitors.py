"""People who write to a Page every few seconds, and the business that answers: life for a demo."""

import threading
from random import Random
from typing import Any

from .history import Message
from .media import CDN, sticker
from .people import Person
from .phrases import languages
from .world import Page, Thread, World

NUMBER = 5  # of people
FIRST_ID = 7_100_000_000_000_001
PICTURE, REACTION, READ = 0.2, 0.3, 0.5  # how often, of all messages


class Visitors:
    """The same people with the same IDs in every sandbox: their conversations go on after a restart."""

    def __init__(self, world: World, page: Page, seed: int = 1) -> None:
        self.world, self.page = world, page
        self._draw = Random(seed)
        self._turns: dict[str, int] = {}  # of the dialog of each thread
        self._pictures = self._draw.randrange(1000)
        self._stopping: threading.Event | None = None

    def start(self, seconds: float) -> None:
        """Let somebody do something after each of these pauses, until stop()."""
        self.stop()
        self._stopping = threading.Event()
        threading.Thread(target=self._run, args=(self._stopping, seconds), daemon=True).start()

    def stop(self) -> None:
        if self._stopping is not None:
            self._stopping.set()
            self._stopping = None

    def _run(self, stopping: threading.Event, seconds: float) -> None:
        while not stopping.wait(seconds):
            self.step()

    def step(self) -> None:
        """One person writes, or gets an answer."""
        with self.world.lock:
            thread = self._thread(self._draw.randrange(NUMBER))
            if self._turns.get(thread.id, 0) % 2:
                self._answer(thread)
            else:
                self._write(thread)

    def leave_out_answer(self, thread: Thread, message: Message) -> None:
        """The business has answered by itself: the answer of the dialog is left out."""
        if self._turns.get(thread.id, 0) % 2:
            self._turns[thread.id] += 1

    def _write(self, thread: Thread) -> None:
        fields: dict[str, Any] = {}
        text: str | None = self._text(thread)
        if self._draw.random() < PICTURE:
            fields, text = self._picture(), ""
        self.world.add_message(thread, text, **fields)
        thread.unread_count += 1

    def _answer(self, thread: Thread) -> None:
        message = self.world.add_message(thread, self._text(thread), from_page=True)
        thread.unread_count = 0
        self.world.mark_delivered(thread)
        if self._draw.random() < READ:
            self.world.mark_read(thread)
        if self._draw.random() < REACTION:
            self.world.react(thread, message.id, "love")

    def _text(self, thread: Thread) -> str:
        """The next line of a dialog, which begins again with another one at its end."""
        turn = self._turns.get(thread.id, 0)
        self._turns[thread.id] = turn + 1
        dialogs = languages()[0].dialogues
        dialog = dialogs[(thread.number + turn // 4) % len(dialogs)]
        return dialog[turn % 4].replace("{n}", str(20_000 + thread.number % 1000))

    def _picture(self) -> dict[str, Any]:
        self._pictures += 1
        if self._pictures % 4 == 0:
            return sticker(self._pictures)
        url = f"{CDN}/t1.15752/{self._pictures}_n.png"
        data = {"url": url, "preview_url": f"{url}?preview=1", "width": 270, "height": 360}
        name = f"photo-{self._pictures}.png"
        return {
            "attachments": [
                {"id": str(self._pictures), "mime_type": "image/png", "name": name, "image_data": data}
            ]
        }

    def _thread(self, number: int) -> Thread:
        id = f"t_{FIRST_ID + number}"
        if id in self.page.threads:
            return self.page.threads[id]
        language = languages()[0]
        first = language.first_names[-1 - number]
        person = Person(str(FIRST_ID + number), language.full_name(first, language.last_names[number]))
        return self.world.add_conversation(self.page, person, 0, id=id)
