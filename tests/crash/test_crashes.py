"""Syncs of a changing inbox are killed at random moments and resumed. At the end the tables must be exact.

`make test` runs a short version and `make soak` a long one. Environment variables: SYNCS sets the number of
syncs, SEED the seed, and FAILURE (a name in plan.py) limits the run to one kind of failure. A seed always
gives the same world, failures and moments, but the timing of the machine between two moments differs.
"""

import os

from tests.seeds import SEED

SHORT = 12  # syncs
ROUNDS = 6  # on one inbox before the tables are compared
LONG_ROUNDS = 20  # the same, in the long version


def test_syncs_that_are_killed_at_any_moment_result_in_an_exact_copy(run_scenarios):
    syncs = int(os.environ.get("SYNCS") or SHORT)
    rounds = ROUNDS if syncs <= SHORT else LONG_ROUNDS
    totals = run_scenarios(syncs, seed=SEED, rounds=rounds, log=log)
    log(str(totals))
    assert totals.rounds == syncs


def log(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - pytest shows it when the test fails, `make soak` always
