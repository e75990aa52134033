"""Hashes passwords two at a time in each process: it is slow on purpose, and must not stop all work."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.auth import hashers
from django.db import connection
from django.utils.translation import gettext

from conversations.lib.low_priority import low_priority_threads
from conversations.lib.request_scope import ServerBusy

SLOTS = 2
MAX_WAITING = 16
WAIT_SECONDS = 5


class TooManySignIns(ServerBusy):
    """More passwords are to be checked at this moment than this process can: try again later."""

    def __init__(self) -> None:
        super().__init__(gettext("Many people sign in at this moment. Wait a few seconds, then try again."))


_slots = threading.BoundedSemaphore(SLOTS)
_waiting = threading.BoundedSemaphore(MAX_WAITING)
_held = threading.local()
_threads = low_priority_threads(SLOTS, "hashing")  # a list takes milliseconds, a hash most of a second


@contextmanager
def hashing_slot() -> Iterator[None]:
    """Wait for the right to hash a password. A thread that has it may ask again. Raise TooManySignIns."""
    if getattr(_held, "is_held", False):
        yield
        return
    _acquire()
    _held.is_held = True
    try:
        yield
    finally:
        _held.is_held = False
        _slots.release()


def _acquire() -> None:
    if _slots.acquire(blocking=False):
        return
    if not _waiting.acquire(blocking=False):
        raise TooManySignIns
    try:
        if not connection.in_atomic_block:
            connection.close()  # who waits must not keep it from others
        if not _slots.acquire(timeout=WAIT_SECONDS):
            raise TooManySignIns
    finally:
        _waiting.release()


class BoundedPBKDF2PasswordHasher(hashers.PBKDF2PasswordHasher):
    """Django's default hasher within the limit, whichever way a password came."""

    def encode(self, password, salt, iterations=None):
        with hashing_slot():
            return _threads.submit(super().encode, password, salt, iterations).result()
