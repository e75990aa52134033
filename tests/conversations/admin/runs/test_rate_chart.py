"""The rate charts of a run: their shapes, their summaries and their tables."""

import re

from conversations.admin.runs.rate_chart import HEIGHT, WIDTH, rate_charts, rate_table

SAMPLES = [[0, 0, 0, 0, 0], [10, 100, 0, 3, 100], [20, 100, 0, 3, 100], [40, 400, 0, 6, 400]]


def numbers(svg: str) -> list[float]:
    [path] = re.findall(r' d="([^"]+)"', svg)
    return [float(number) for number in re.findall(r"-?[\d.]+", path)]


def test_each_interval_has_its_rate_and_all_points_are_inside():
    [chart] = rate_charts(SAMPLES, [])  # without messages there is no second chart
    assert chart.summary == "10 per second on average, 15 at most"
    assert chart.end == "40 s"
    third, highest, none = f"{HEIGHT / 3:.1f}", "0.0", f"{HEIGHT}.0"
    assert f"L0.0 {third}H150.0L150.0 {none}H300.0L300.0 {highest}H600.0" in chart.svg
    assert all(0 <= number <= max(WIDTH, HEIGHT) for number in numbers(chart.svg))


def test_waits_are_shaded_until_the_end_of_the_run():
    waits = [{"at": 10, "seconds": 10}, {"at": 39, "seconds": 600}, {"at": 50, "seconds": 1}]
    [chart] = rate_charts(SAMPLES, waits)
    assert re.findall(r'<rect class="inbox-rate-wait" x="([\d.]+)" width="([\d.]+)"', chart.svg) == [
        ("150.0", "150.0"),
        ("585.0", "15.0"),
    ]


def test_slow_runs_show_a_rate_per_minute():
    [chart] = rate_charts([[0, 0, 0, 0, 0], [300, 10, 0, 1, 10], [600, 20, 0, 2, 20]], [])
    assert chart.summary == "2 per minute on average, 2 at most"


def test_rolled_back_batch_counts_as_zero():
    [chart] = rate_charts([[0, 0, 0, 0, 0], [1, 50, 0, 1, 50], [2, 40, 0, 1, 50], [3, 60, 0, 2, 60]], [])
    assert min(numbers(chart.svg)) >= 0


def test_short_and_empty_runs_have_no_chart():
    assert rate_charts([[0, 0, 0, 0, 0], [1, 50, 0, 1, 50]], []) == []
    assert rate_charts([[0, 0, 0, 0, 0], [2, 0, 0, 1, 0], [4, 0, 0, 2, 0]], []) == []
    assert rate_table([]) == []


def test_table_is_short_and_its_sums_are_complete():
    samples = [[second, 3 * second, 7 * second, second, 0] for second in range(0, 119, 1)]
    rows = rate_table(samples)
    assert 6 <= len(rows) <= 12
    assert sum(row["conversations"] for row in rows) == samples[-1][1]
    assert sum(row["messages"] for row in rows) == samples[-1][2]
