"""Statements are composed of fragments and parameters, in whatever order the text has them."""

from conversations.search.sql import Sql, fetch_all


def test_parameters_follow_the_order_of_the_text():
    ids = Sql.of("SELECT id FROM page WHERE name = %s", "Shop")
    statement = Sql.compose("SELECT {now} FROM ({ids}) AS ids WHERE {ids} AND {now}", ids=ids, now=5)
    query = "SELECT id FROM page WHERE name = %s"
    assert statement.text == f"SELECT %s FROM ({query}) AS ids WHERE {query} AND %s"  # noqa: S608 - never run
    assert statement.params == (5, "Shop", "Shop", 5)


def test_braces_of_a_fragment_are_left_alone():
    assert Sql("'{}'::jsonb").inside("SELECT {}") == Sql("SELECT '{}'::jsonb")


def test_a_parameter_is_never_read_as_sql(db):
    statement = Sql.compose("SELECT {text}::text, {none}::bigint", text="'; {x} %s --", none=None)
    assert fetch_all(statement) == [("'; {x} %s --", None)]
