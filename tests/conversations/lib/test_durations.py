"""Server and browser format durations by the same rule: both get the same table."""

from pathlib import Path

from conversations.lib.durations import format_duration
from tests.node import map_in_node, needs_node

FORMATS = Path(__file__).parents[3] / "inbox" / "frontend" / "core" / "format.mjs"
TABLE = {
    -5: "0 s",
    0: "0 s",
    0.04: "0 s",
    0.25: "0.3 s",
    0.84: "0.8 s",
    9: "9 s",
    9.94: "9.9 s",
    9.95: "10 s",
    44.5: "45 s",
    59.4: "59 s",
    59.5: "1 min",
    60: "1 min",
    61: "1 min 1 s",
    95: "1 min 35 s",
    3_599.5: "1 h",
    3_600: "1 h",
    3_605: "1 h",
    4_800: "1 h 20 min",
    7_500: "2 h 5 min",
    86_399: "23 h 59 min",
    86_400: "1 d",
    86_460: "1 d",
    90_061: "1 d 1 h",
    10_000_000: "115 d 17 h",
}


def test_durations_have_at_most_two_units():
    assert {seconds: format_duration(seconds) for seconds in TABLE} == TABLE


@needs_node
def test_browser_formats_durations_as_the_server_does():
    assert map_in_node(FORMATS, "formatDuration", list(TABLE)) == list(TABLE.values())
