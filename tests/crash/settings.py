"""Settings of the processes that the tests kill. A failed call is retried after 20 ms instead of a second."""

import os

from conversations.graph import fields
from conversations.graph.readers import larger_lists
from conversations.sync.crawl import window_splitter
from inbox.settings import *  # noqa: F403 - all of them

GRAPH_RETRY_SECONDS = 0.02
LOOK_AFTER_SECONDS = 2.0

if usual := int(os.environ.get("USUAL_LIST", "0")):  # lists so small that some are larger than usual
    fields.LIST_SIZES = tuple(
        dict.fromkeys((min(count, usual), messages) for count, messages in fields.LIST_SIZES)
    )
    larger_lists.USUAL, larger_lists.LARGER = usual, (4 * usual, 2 * usual)
    window_splitter.LONG_LIST = 0
