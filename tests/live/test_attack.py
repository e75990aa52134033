"""The short form of `make attack`: one person for each row of its tables, another one in each run.

`SEED=7 pytest …` asks the same again.
"""

from tests.attack import matrix
from tests.seeds import SEED


def test_nobody_gets_more_than_the_tables_say(web):
    before = len(web.log)
    print(f"SEED={SEED}")  # noqa: T201 - shown if the test fails
    result = matrix.Attack(web.url).run(matrix.sample(matrix.cells(), SEED))
    assert "\n".join(result.faults) == ""
    assert sum(result.counts.values()) > 150
    assert "Internal Server Error" not in web.log[before:]
