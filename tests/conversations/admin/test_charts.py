"""Charts show their numbers, and text from users never becomes HTML in them."""

import re
from xml.etree import ElementTree

import pytest

from conversations.admin import charts

EVIL = '"><script>alert(1)</script>'


def parse(html: str) -> ElementTree.Element:
    return ElementTree.fromstring(html)  # noqa: S314 - our own


@pytest.mark.parametrize(
    "chart",
    [
        charts.bars([(EVIL, 3, 1)], title=EVIL, summary=EVIL, up=EVIL, down=EVIL, axis=EVIL),
        charts.line([(EVIL, 3.5), ("b", None)], title=EVIL, summary=EVIL, axis=EVIL, value=EVIL),
        charts.heat_map([(EVIL, [1, 2])], [EVIL, "b"], title=EVIL, summary=EVIL, unit=EVIL),
        charts.named_bars([(EVIL, EVIL, 2, EVIL)], title=EVIL, summary=EVIL, empty=EVIL),
        charts.named_bars([], title=EVIL, summary=EVIL, empty=EVIL),
    ],
)
def test_charts_are_well_formed_and_escape_their_texts(chart):
    assert parse(chart).tag == "figure"
    assert "<script" not in chart


def test_bars_have_the_height_of_their_numbers():
    chart = charts.bars(
        [("1 May", 10, 0), ("2 May", 5, 20)], title="t", summary="s", up="in", down="out", axis="Day"
    )
    paths = re.findall(r'class="insight-(?:up|down)" d="([^"]*)"', chart)
    assert [re.findall(r"v([^h]*)h", path) for path in paths] == [["-25.0", "-12.5"], ["50.0"]]
    assert "<title>2 May: 5 in, 20 out</title>" in chart
    assert '<tr><th scope="row">2 May</th><td>5</td><td>20</td></tr>' in chart


def test_line_is_interrupted_at_each_gap():
    assert charts.path([(0, 1), (1, 2), (2, None), (3, 4)]) == "M0 1 L1 2 M3 4"
    points = [("a", 2.0), ("b", None), ("c", 4.0)]
    chart = charts.line(
        points, title="t", summary="s", axis="Week", value="Median", extra_columns=[("Replies", [1, 0, 3])]
    )
    assert '<tr><th scope="row">b</th><td>none</td><td>0</td></tr>' in chart
    assert chart.count("insight-dot") == 2


@pytest.mark.parametrize("points", [[], [("a", None)], [("a", 0)]])
def test_line_without_numbers_is_still_a_chart(points):
    assert parse(charts.line(points, title="t", summary="s", axis="Week", value="Median")).tag == "figure"


def test_smallest_number_is_shaded_and_zero_is_not():
    assert [charts.shade(number, 800) for number in (0, 1, 100, 101, 800)] == [0, 1, 1, 2, 8]
    assert charts.shade(0, 0) == 0
