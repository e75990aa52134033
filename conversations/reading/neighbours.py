"""What stands before and after a conversation in the list that somebody came from."""

from typing import NamedTuple

from conversations.reading.finding import Place, ids, needs_sizes, read_sizes
from conversations.reading.selection import Selection
from conversations.reading.sql import Sql, rows


class Neighbour(NamedTuple):
    id: int
    name: str


def neighbours(selection: Selection, place: Place) -> tuple[Neighbour | None, Neighbour | None]:
    """The next newer and the next older of the list; `place`: time and id of the conversation itself.

    By its place, not by a number of rows: two queries at most, at any depth.
    """
    if selection.is_impossible:
        return None, None
    sizes = read_sizes(selection) if needs_sizes(selection) else None
    before = ids(selection, sizes, count=1, after=place, backwards=True)
    after = ids(selection, sizes, count=1, after=place)
    sides = [
        before.inside("(SELECT 'newer' AS side, one.id FROM ({}) one)"),
        after.inside("(SELECT 'older' AS side, one.id FROM ({}) one)"),
    ]
    found = rows(
        Sql.join(" UNION ALL ", sides).inside(
            "SELECT beside.side, c.id, coalesce(nullif(c.sender_name, ''), c.sender_id)"
            " FROM ({}) beside JOIN conversations_conversation c ON c.id = beside.id"
        )
    )
    by_side = {side: Neighbour(pk, name) for side, pk, name in found}
    return by_side.get("newer"), by_side.get("older")
