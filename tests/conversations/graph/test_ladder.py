from conversations.graph.fields import INSTAGRAM_MESSAGES, list_sizes, message_sizes
from conversations.graph.ladder import PATIENCE, Ladder


def sizes_after(ladder: Ladder, steps: str) -> list[int]:
    """The size after each step: d down, b bore."""
    sizes = []
    for step in steps:
        ladder.down(ladder.rung) if step == "d" else ladder.bore(ladder.rung)
        sizes.append(ladder.size)
    return sizes


def test_ladder_goes_down_step_by_step_and_says_where_it_ends():
    ladder = Ladder((100, 50, 1))
    assert ladder.size == 100
    assert [ladder.down(0), ladder.size] == [1, 50]
    assert [ladder.down(1), ladder.size] == [2, 1]
    assert [ladder.down(2), ladder.size] == [None, 1]


def test_two_that_fail_on_the_same_rung_step_down_once():
    ladder = Ladder((100, 50, 25, 1))
    assert [ladder.down(0), ladder.down(0)] == [1, 1]
    assert ladder.size == 50


def test_who_failed_higher_than_the_others_are_now_follows_them_down():
    ladder = Ladder((100, 50, 25, 1))
    assert [ladder.down(0), ladder.down(1), ladder.down(0)] == [1, 2, 2]
    assert ladder.size == 25


def test_who_failed_deeper_than_the_others_are_now_goes_deeper_still():
    ladder = Ladder((100, 50, 25, 1))
    assert [ladder.down(2), ladder.size] == [3, 1]


def test_answer_from_a_rung_that_was_left_proves_nothing():
    ladder = Ladder((100, 50))
    ladder.down(0)
    for _ in range(PATIENCE):
        ladder.bore(0)
    assert ladder.size == 50


def test_ladder_climbs_again_after_enough_answers():
    assert sizes_after(Ladder((100, 50, 1)), "dd" + "b" * PATIENCE * 2) == (
        [50, 1] + [1] * (PATIENCE - 1) + [50] * PATIENCE + [100]
    )


def test_ladder_never_climbs_above_its_top():
    assert set(sizes_after(Ladder((100, 50)), "b" * PATIENCE * 3)) == {100}


def test_step_up_that_failed_is_tried_later_the_next_time():
    ladder = Ladder((100, 50))
    sizes_after(ladder, "d" + "b" * PATIENCE)
    assert ladder.size == 100
    sizes_after(ladder, "d" + "b" * (2 * PATIENCE - 1))
    assert ladder.size == 50
    assert sizes_after(ladder, "b") == [100]


def test_step_up_that_held_leaves_patience_as_it_was():
    ladder = Ladder((100, 50))
    sizes_after(ladder, "d" + "b" * PATIENCE + "b" + "d" + "b" * PATIENCE)
    assert ladder.size == 100


def test_each_move_is_remembered():
    remembered: list[int] = []
    ladder = Ladder((100, 50, 1), rung=1, remember=remembered.append)
    sizes_after(ladder, "d" + "b" * PATIENCE)
    assert remembered == [1, 50]


def test_instagram_is_never_asked_for_more_than_it_shows():
    assert list_sizes("messenger")[:2] == ((100, 26), (100, 25))
    assert list_sizes("instagram") == ((100, 20), (50, 20), (25, 20), (10, 20), (5, 10), (1, 10), (1, 1))
    assert message_sizes("instagram") == (INSTAGRAM_MESSAGES, 10, 1)
