"""Small charts of how fast a run was: what they draw, and what they say."""

import re

from conversations.admin.rate_chart import HEIGHT, WIDTH, rate_charts, rate_table
from conversations.admin.words import duration

SAMPLES = [[0, 0, 0, 0, 0], [10, 100, 0, 3, 100], [20, 100, 0, 3, 100], [40, 400, 0, 6, 400]]


def numbers(svg: str) -> list[float]:
    [path] = re.findall(r' d="([^"]+)"', svg)
    return [float(number) for number in re.findall(r"-?[\d.]+", path)]


def test_each_stretch_has_its_rate_and_nothing_lies_outside():
    [chart] = rate_charts(SAMPLES, [])  # no message came: no second chart
    assert chart.words == "10 a second on average, 15 at most"
    assert chart.end == "40 s"
    third, highest, none = f"{HEIGHT / 3:.1f}", "0.0", f"{HEIGHT}.0"
    assert f"L0.0 {third}H150.0L150.0 {none}H300.0L300.0 {highest}H600.0" in chart.svg
    assert all(0 <= number <= max(WIDTH, HEIGHT) for number in numbers(chart.svg))


def test_waits_are_shaded_as_far_as_the_run_went():
    waits = [{"at": 10, "seconds": 10}, {"at": 39, "seconds": 600}, {"at": 50, "seconds": 1}]
    [chart] = rate_charts(SAMPLES, waits)
    assert re.findall(r'<rect class="inbox-rate-wait" x="([\d.]+)" width="([\d.]+)"', chart.svg) == [
        ("150.0", "150.0"),
        ("585.0", "15.0"),
    ]


def test_slow_runs_are_told_by_the_minute():
    [chart] = rate_charts([[0, 0, 0, 0, 0], [300, 10, 0, 1, 10], [600, 20, 0, 2, 20]], [])
    assert chart.words == "2 a minute on average, 2 at most"


def test_batch_that_was_taken_back_counts_as_nothing():
    [chart] = rate_charts([[0, 0, 0, 0, 0], [1, 50, 0, 1, 50], [2, 40, 0, 1, 50], [3, 60, 0, 2, 60]], [])
    assert min(numbers(chart.svg)) >= 0


def test_short_runs_and_empty_ones_have_no_chart():
    assert rate_charts([[0, 0, 0, 0, 0], [1, 50, 0, 1, 50]], []) == []
    assert rate_charts([[0, 0, 0, 0, 0], [2, 0, 0, 1, 0], [4, 0, 0, 2, 0]], []) == []
    assert rate_table([]) == []


def test_table_is_short_and_adds_up():
    samples = [[second, 3 * second, 7 * second, second, 0] for second in range(0, 119, 1)]
    rows = rate_table(samples)
    assert 6 <= len(rows) <= 12
    assert sum(row["conversations"] for row in rows) == samples[-1][1]
    assert sum(row["messages"] for row in rows) == samples[-1][2]


def test_durations_in_words():
    said = [duration(seconds) for seconds in (0, 0.84, 9, 45.4, 60, 95, 4_800, 90_061)]
    assert said == ["0 s", "0.8 s", "9 s", "45 s", "1 min", "1 min 35 s", "1 h 20 min", "1 d 1 h"]
