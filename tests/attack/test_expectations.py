"""Every route of the URLconf has a row that says who may open it."""

from collections import Counter

from . import acts, expectations, matrix, routes


def requests_of_rows() -> list[tuple[str, str]]:
    """(method, address) of each row."""
    of_acts = [acts.REQUESTS[row[0], row[1]][0].split() for row in acts.ROWS]
    bare = [(method, address) for method, address, _ in expectations.ROWS]
    return [*((method.upper(), address) for method, address in of_acts), *bare]


def test_every_route_has_a_row():
    rows = {routes.route_of(address) for _, address in requests_of_rows()}
    missing = [route for route in routes.offered() if route not in rows]
    assert missing == [], "add rows to tests/attack/expectations.txt, or to acts.py with a body"


def test_every_method_of_a_rest_route_has_a_row():
    rows = {(routes.route_of(address), method) for method, address in requests_of_rows()}
    offered = [
        (route, method)
        for route, methods in routes.offered().items()
        for method in sorted(methods)
        if route.startswith("api/")
    ]
    assert len(offered) > 30
    assert [pair for pair in offered if pair not in rows] == []


def test_rows_are_not_written_twice():
    bare = Counter((method, address) for method, address, _ in expectations.ROWS)
    assert [row for row, number in bare.items() if number > 1] == []
    done = {(acts.REQUESTS[row[0], row[1]][0].upper()) for row in acts.ROWS}
    assert [row for row in bare if " ".join(row).upper() in done] == []


def test_rows_use_the_words_of_the_table():
    words = {"ok", "own", "login", "refused", "hidden", "missing", "never"}
    wrong = [row for row in expectations.ROWS if len(row[2]) != len(acts.WHO) or not set(row[2]) <= words]
    assert wrong == []


def test_rows_have_a_route_of_their_own():
    any_route = [row[1] for row in expectations.ROWS if routes.route_of(row[1]).endswith("(?P<url>.*)$")]
    assert set(any_route) <= {"/admin/nothing/there"}


def test_sample_has_each_row_and_is_the_same_for_the_same_seed():
    every = matrix.cells()
    some = matrix.sample(every, 7)
    assert some == matrix.sample(every, 7) != matrix.sample(every, 8)
    listed = Counter((cell.method, cell.address) for cell in some if cell.is_listed)
    assert set(listed) == {(method, address) for method, address in requests_of_rows()}
