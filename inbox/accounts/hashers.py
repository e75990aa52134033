"""Hashes passwords, a few at a time: one takes a third of a second of a processor, which others need, too."""

from contextlib import contextmanager
from threading import BoundedSemaphore

from django.contrib.auth import hashers

from conversations.lib.request_scope import ServerBusy

AT_ONCE = 2
WAIT_SECONDS = 5
BUSY = "Too many people are signing in at this moment. Try again."

places = BoundedSemaphore(AT_ONCE)


@contextmanager
def place():
    if not places.acquire(timeout=WAIT_SECONDS):
        raise ServerBusy(BUSY)
    try:
        yield
    finally:
        places.release()


class PBKDF2PasswordHasher(hashers.PBKDF2PasswordHasher):
    """Django's, with the same algorithm and the same stored values."""

    def encode(self, password, salt, iterations=None):
        with place():
            return super().encode(password, salt, iterations)
