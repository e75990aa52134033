from conversations.graph.fields import INSTAGRAM_WINDOW, list_sizes, message_sizes
from conversations.graph.readers.batch_size import SUCCESSES_TO_GROW, AdaptiveBatchSize


def sizes_after(batch_size: AdaptiveBatchSize, steps: str) -> list[int]:
    """Return the size after each step: "d" steps down, "s" is a success."""
    sizes = []
    for step in steps:
        batch_size.step_down(batch_size.level) if step == "d" else batch_size.succeeded(batch_size.level)
        sizes.append(batch_size.size)
    return sizes


def test_size_steps_down_to_the_smallest():
    batch_size = AdaptiveBatchSize((100, 50, 1))
    assert batch_size.size == 100
    assert [batch_size.step_down(0), batch_size.size] == [1, 50]
    assert [batch_size.step_down(1), batch_size.size] == [2, 1]
    assert [batch_size.step_down(2), batch_size.size] == [None, 1]


def test_two_failures_at_the_same_level_step_down_once():
    batch_size = AdaptiveBatchSize((100, 50, 25, 1))
    assert [batch_size.step_down(0), batch_size.step_down(0)] == [1, 1]
    assert batch_size.size == 50


def test_late_failure_at_a_larger_size_uses_the_current_level():
    batch_size = AdaptiveBatchSize((100, 50, 25, 1))
    assert [batch_size.step_down(0), batch_size.step_down(1), batch_size.step_down(0)] == [1, 2, 2]
    assert batch_size.size == 25


def test_failure_at_a_smaller_size_steps_down_from_there():
    batch_size = AdaptiveBatchSize((100, 50, 25, 1))
    assert [batch_size.step_down(2), batch_size.size] == [3, 1]


def test_success_at_a_previous_level_is_ignored():
    batch_size = AdaptiveBatchSize((100, 50))
    batch_size.step_down(0)
    for _ in range(SUCCESSES_TO_GROW):
        batch_size.succeeded(0)
    assert batch_size.size == 50


def test_size_grows_again_after_enough_successes():
    assert sizes_after(AdaptiveBatchSize((100, 50, 1)), "dd" + "s" * SUCCESSES_TO_GROW * 2) == (
        [50, 1] + [1] * (SUCCESSES_TO_GROW - 1) + [50] * SUCCESSES_TO_GROW + [100]
    )


def test_size_never_exceeds_the_largest():
    assert set(sizes_after(AdaptiveBatchSize((100, 50)), "s" * SUCCESSES_TO_GROW * 3)) == {100}


def test_failed_step_up_doubles_the_required_successes():
    batch_size = AdaptiveBatchSize((100, 50))
    sizes_after(batch_size, "d" + "s" * SUCCESSES_TO_GROW)
    assert batch_size.size == 100
    sizes_after(batch_size, "d" + "s" * (2 * SUCCESSES_TO_GROW - 1))
    assert batch_size.size == 50
    assert sizes_after(batch_size, "s") == [100]


def test_successful_step_up_keeps_the_required_successes():
    batch_size = AdaptiveBatchSize((100, 50))
    sizes_after(batch_size, "d" + "s" * SUCCESSES_TO_GROW + "s" + "d" + "s" * SUCCESSES_TO_GROW)
    assert batch_size.size == 100


def test_each_change_calls_on_change():
    remembered: list[int] = []
    batch_size = AdaptiveBatchSize((100, 50, 1), level=1, on_change=remembered.append)
    sizes_after(batch_size, "d" + "s" * SUCCESSES_TO_GROW)
    assert remembered == [1, 50]


def test_instagram_requests_never_exceed_its_limit():
    assert list_sizes("messenger")[:2] == ((100, 26), (100, 25))
    assert list_sizes("instagram") == ((100, 20), (50, 20), (25, 20), (10, 20), (5, 10), (1, 10), (1, 1))
    assert message_sizes("instagram") == (INSTAGRAM_WINDOW, 10, 1)
