"""Pictures say what the numbers say, and nothing that was written by others gets into them as HTML."""

import re
from xml.etree import ElementTree

import pytest

from conversations.admin import charts

EVIL = '"><script>alert(1)</script>'


def parsed(html: str) -> ElementTree.Element:
    return ElementTree.fromstring(html)  # noqa: S314 - our own


@pytest.mark.parametrize(
    "picture",
    [
        charts.bars([(EVIL, 3, 1)], title=EVIL, summary=EVIL, up=EVIL, down=EVIL, axis=EVIL),
        charts.line([(EVIL, 3.5), ("b", None)], title=EVIL, summary=EVIL, axis=EVIL, value=EVIL),
        charts.heat_map([(EVIL, [1, 2])], [EVIL, "b"], title=EVIL, summary=EVIL, unit=EVIL),
        charts.named_bars([(EVIL, EVIL, 2, EVIL)], title=EVIL, summary=EVIL, empty=EVIL),
        charts.named_bars([], title=EVIL, summary=EVIL, empty=EVIL),
    ],
)
def test_picture_is_well_formed_and_quotes_what_it_is_given(picture):
    assert parsed(picture).tag == "figure"
    assert "<script" not in picture


def test_bars_are_as_long_as_their_numbers():
    picture = charts.bars(
        [("1 May", 10, 0), ("2 May", 5, 20)], title="t", summary="s", up="in", down="out", axis="Day"
    )
    paths = re.findall(r'class="insight-(?:up|down)" d="([^"]*)"', picture)
    assert [re.findall(r"v([^h]*)h", path) for path in paths] == [["-25.0", "-12.5"], ["50.0"]]
    assert "<title>2 May: 5 in, 20 out</title>" in picture
    assert '<tr><th scope="row">2 May</th><td>5</td><td>20</td></tr>' in picture


def test_line_is_lifted_where_nothing_is_known():
    assert charts.path([(0, 1), (1, 2), (2, None), (3, 4)]) == "M0 1 L1 2 M3 4"
    points = [("a", 2.0), ("b", None), ("c", 4.0)]
    picture = charts.line(
        points, title="t", summary="s", axis="Week", value="Median", notes=[("Replies", [1, 0, 3])]
    )
    assert '<tr><th scope="row">b</th><td>none</td><td>0</td></tr>' in picture
    assert picture.count("insight-dot") == 2


@pytest.mark.parametrize("points", [[], [("a", None)], [("a", 0)]])
def test_line_of_nothing_is_a_picture_all_the_same(points):
    assert parsed(charts.line(points, title="t", summary="s", axis="Week", value="Median")).tag == "figure"


def test_least_number_is_shaded_and_none_is_not():
    assert [charts.shade(number, 800) for number in (0, 1, 100, 101, 800)] == [0, 1, 1, 2, 8]
    assert charts.shade(0, 0) == 0
