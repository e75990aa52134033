"""The settings of the processes that are murdered: in a series nobody waits a second for a second try."""

from inbox.settings import *  # noqa: F403 - all of them, whatever they are

GRAPH_RETRY_SECONDS = 0.02
