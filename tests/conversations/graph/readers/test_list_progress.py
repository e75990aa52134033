"""When a list counts as endless, and what the memory of its items costs."""

import random
import tracemalloc
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.graph.readers.list_progress import (
    MAX_ANSWERS_WITHOUT_NEW,
    MAX_EXACT,
    ListProgress,
    ShownItems,
)

ANSWERS = st.lists(st.lists(st.sampled_from("abcdefgh"), max_size=3), max_size=80)


def ends_after(answers) -> int | None:
    """The naive count: how many answers until twenty in a row were not new."""
    shown: set[str] = set()
    in_a_row = 0
    for number, ids in enumerate(answers, 1):
        in_a_row = in_a_row + 1 if set(ids) <= shown else 0
        shown |= set(ids)
        if in_a_row == 20:
            return number
    return None


@given(ANSWERS)
def test_list_ends_after_twenty_answers_in_a_row_without_anything_new(answers):
    progress = ListProgress()
    ended = None
    for number, ids in enumerate(answers, 1):
        progress.record(ids)
        if progress.error:
            ended = number
            break
    assert ended == ends_after(answers)


def test_reason_says_what_happened():
    progress = ListProgress()
    for _ in range(MAX_ANSWERS_WITHOUT_NEW):
        assert progress.error is None
        progress.record([])
    assert str(progress.error) == "The list never ends: 20 answers in a row showed nothing new."


@pytest.mark.parametrize("count", [50, MAX_EXACT + 50, 10 * MAX_EXACT])
def test_known_items_are_never_new_again(count):
    shown, ids = ShownItems(), [f"t_{number}" for number in range(count)]
    answers = iter(ids)
    while answer := list(islice(answers, 100)):
        assert shown.add(answer)
    random.Random(1).shuffle(ids)
    assert not any(shown.add(ids[start : start + 100]) for start in range(0, count, 100))


def test_memory_does_not_grow_with_the_list():
    """A hundred thousand items more do not take one byte for ten of them."""
    progress = ListProgress()
    tracemalloc.start()
    try:
        _record(progress, 0, 2 * MAX_EXACT)
        before, _ = tracemalloc.get_traced_memory()
        _record(progress, 2 * MAX_EXACT, 12 * MAX_EXACT)
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < MAX_EXACT
    assert peak < 8 * 1024 * 1024


def _record(progress: ListProgress, first: int, end: int) -> None:
    for start in range(first, end, 1000):
        progress.record(f"t_{number}" for number in range(start, start + 1000))
        assert progress.error is None
