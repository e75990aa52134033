"""Customers who read what the business sends them, and answer it after some seconds: life for a demo."""

from functools import partial
from random import Random

from conversations.sandbox.data.history import Message
from conversations.sandbox.data.phrases import Language, languages
from conversations.sandbox.data.world import Thread

from .message_calls import SendApi

REACTION = 0.2  # how often they react, too


class AnsweringCustomers:
    """Off until start(). They act by the world's clock whenever webhooks are sent."""

    def __init__(self, send_api: SendApi, seed: int = 1) -> None:
        self._send_api, self._draw = send_api, Random(seed)
        self._answers: dict[Thread, int] = {}

    def start(self, seconds: float) -> None:
        """Let everybody read after a third of these seconds, and answer after all of them."""
        self.stop()
        self._seconds = seconds
        self._send_api.on_sent.append(self._plan)

    def stop(self) -> None:
        if self._plan in self._send_api.on_sent:
            self._send_api.on_sent.remove(self._plan)

    def _plan(self, thread: Thread, message: Message) -> None:
        world, later = self._send_api.world, self._send_api.webhooks.at
        later(self._seconds / 6, partial(world.mark_delivered, thread, message.created_time))
        later(self._seconds / 3, partial(world.mark_read, thread, message.created_time))
        later(self._seconds, partial(self._answer, thread, message))

    def _answer(self, thread: Thread, message: Message) -> None:
        """Write a line, unless a newer message of the business is going to be answered."""
        world = self._send_api.world
        with world.lock:
            [newest] = thread.history.newest(0, 1)
            if newest.id != message.id:
                return
            self._answers[thread] = self._answers.get(thread, 0) + 1
            if self._draw.random() < REACTION:
                world.react(thread, message.id, "love")
            world.add_message(thread, self._line(thread))
            thread.unread_count += 1

    def _line(self, thread: Thread) -> str:
        """Return the customer's second line of a dialog, in the script of their name."""
        dialogs = self._language(thread).dialogues
        lines = [dialog[2] for dialog in dialogs if "{n}" not in dialog[2]]
        return lines[(thread.number + self._answers[thread]) % len(lines)]

    def _language(self, thread: Thread) -> Language:
        words = set((thread.customer.name or "").split()) if thread.customer else set()
        fitting = (
            language for language in languages() if words & {*language.first_names, *language.last_names}
        )
        return next(fitting, languages()[0])
