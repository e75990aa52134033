"""Storing bodies before Facebook gets its answer."""

import asyncio
import threading

import pytest

from conversations.webhooks import intake as module
from conversations.webhooks.intake import Intake, NotStored


def test_nothing_gathers_while_the_database_does_not_answer(monkeypatch):
    is_back = threading.Event()
    stored: list[bytes] = []

    def insert(bodies: list[bytes]) -> None:
        is_back.wait()
        stored.extend(bodies)

    monkeypatch.setattr(module, "insert", insert)
    monkeypatch.setattr(module, "ANSWER_SECONDS", 0.05)

    async def deliver() -> int:
        intake = Intake()
        for body in (b"first", b"second", b"third"):
            with pytest.raises(NotStored):
                await intake.store(body)
        waiting = len(intake._waiting)
        is_back.set()
        await intake.store(b"fourth")
        return waiting

    assert asyncio.run(deliver()) == 0
    assert stored == [b"first", b"fourth"]
