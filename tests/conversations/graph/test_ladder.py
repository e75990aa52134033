from conversations.graph.ladder import PATIENCE, Ladder


def sizes_after(ladder: Ladder, steps: str) -> list[int]:
    """The size after each step: d down, b bore."""
    sizes = []
    for step in steps:
        ladder.down() if step == "d" else ladder.bore()
        sizes.append(ladder.size)
    return sizes


def test_ladder_goes_down_step_by_step_and_says_where_it_ends():
    ladder = Ladder((100, 50, 1))
    assert ladder.size == 100
    assert [ladder.down(), ladder.size] == [True, 50]
    assert [ladder.down(), ladder.size] == [True, 1]
    assert [ladder.down(), ladder.size] == [False, 1]


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
