"""Settings of web processes with short timeouts, because the tests wait for them."""

from inbox.settings import *  # noqa: F403 - all of them, whatever they are

QUEUED_SECONDS = 2
