"""How long the pauses of a client may take while somebody waits."""

import pytest

from conversations.connections.patience import Patience
from conversations.graph.errors import GraphError, TransientError


class GaveUp(Exception):
    pass


def give_up(error: GraphError, seconds: float) -> None:
    raise GaveUp(f"{error.text} {seconds}")


def test_pauses_are_added_up_to_the_limit():
    patience = Patience(10, give_up)
    patience.on_wait(TransientError("Down."), 6)
    patience.on_wait(TransientError("Down."), 4)
    with pytest.raises(GaveUp, match=r"Still down\. 0\.5"):
        patience.on_wait(TransientError("Still down."), 0.5)


def test_single_pause_beyond_the_limit_is_not_started():
    with pytest.raises(GaveUp):
        Patience(10, give_up).on_wait(TransientError("Down."), 11)


def test_pauses_go_on_where_nothing_is_raised():
    calls: list[float] = []
    patience = Patience(1, lambda error, seconds: calls.append(seconds))
    for seconds in (1, 2, 3):
        patience.on_wait(TransientError("Down."), seconds)
    assert calls == [2, 3]
