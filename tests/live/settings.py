"""The settings of web processes that are to lose patience soon, because a test waits for it."""

from inbox.settings import *  # noqa: F403 - all of them, whatever they are

QUEUED_SECONDS = 2
