"""Syncs of a moving inbox, killed at random moments and gone on with: at the end the tables are exact.

`make test` plays a short form, `make soak` the long one; SYNCS says how many, SEED which, VICTIM (a name of
series.py) whom alone. A seed draws the same world, victims and moments again; what the machine does between
two of them it cannot repeat.
"""

import os
import random

SHORT = 12  # syncs
ROUNDS = 6  # of a series on one inbox, before the tables are compared; the long form has more
LONG_ROUNDS = 20


def test_syncs_that_are_killed_anywhere_end_in_an_exact_copy(play):
    seed = int(os.environ.get("SEED") or random.randrange(1_000_000))
    syncs = int(os.environ.get("SYNCS") or SHORT)
    toll = play(syncs, seed=seed, rounds=ROUNDS if syncs <= SHORT else LONG_ROUNDS, tell=tell)
    tell(str(toll))
    assert toll.rounds == syncs


def tell(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - pytest shows it when the test fails, `make soak` always
