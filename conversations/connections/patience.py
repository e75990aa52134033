"""How long somebody who waits for the result lets a client pause."""

from collections.abc import Callable

from conversations.graph.errors import GraphError
from conversations.graph.options import Hooks


class Patience(Hooks):
    """Ends the requests of a client before its pauses take longer than `max_seconds` in total.

    `give_up(error, seconds)` is called then, with the reason and the length of the next pause. It raises an
    exception that is not a GraphError, because the client repeats requests after some of those.
    """

    def __init__(self, max_seconds: float, give_up: Callable[[GraphError, float], None]):
        self._max_seconds, self._give_up = max_seconds, give_up
        self.waited = 0.0

    def on_wait(self, error: GraphError, seconds: float) -> None:
        self.waited += seconds
        if self.waited > self._max_seconds:
            self._give_up(error, seconds)
