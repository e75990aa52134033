"""Settings of the processes that the tests kill. A failed call is retried after 20 ms instead of a second."""

from inbox.settings import *  # noqa: F403 - all of them

GRAPH_RETRY_SECONDS = 0.02
