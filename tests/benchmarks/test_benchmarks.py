"""Tests of the benchmarks themselves. Their results are not tested."""

import subprocess
import sys
from xml.etree import ElementTree

from tests.benchmarks.cases import Options, Results
from tests.benchmarks.charts import Bar, Curve, Steps, bars, lines, steps
from tests.benchmarks.cluster import ROOT
from tests.benchmarks.document import write_reads, write_syncs
from tests.benchmarks.live import Live
from tests.benchmarks.measure import busiest_second, rate
from tests.benchmarks.report.page import write


def call(started: float, conversations: int = 100, **params: str) -> dict:
    return {
        "started": started,
        "conversations": conversations,
        "params": params,
        "page_id": "9",
        "platform": "messenger",
    }


def test_the_rate_is_measured_from_the_first_split_to_the_last_full_call():
    probe, head = call(0, 0, updated_before_ms="1"), call(0)
    split = [call(2 + n / 2, updated_before_ms="5") for n in range(5)]
    rest = [call(9, 3, updated_before_ms="5")]
    assert rate([probe, head, *split, *rest]) == 2


def test_without_time_windows_the_rate_is_measured_from_the_first_call():
    assert rate([call(0), call(1), call(2), call(3, 10)]) == 1


def test_one_full_call_has_no_rate():
    assert rate([call(0), call(1, 5)]) is None


def test_the_busiest_second_starts_at_any_call_and_counts_one_page():
    calls = [call(0.9), call(1.1), call(1.85), call(2.0)]
    others = [call(1.2) | {"page_id": "8"}]
    assert busiest_second([*calls, *others]) == 3


def test_a_small_run_measures_each_engine_and_writes_the_document(tmp_path):
    options = (
        "--only",
        "process",
        "start",
        "sync",
        "write",
        "live",
        "--live",
        "1",
        "--sizes",
        "3",
        "--rounds",
        "1",
        "--latency",
        "with",
        "--into",
        str(tmp_path),
    )
    run = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks", *options], cwd=ROOT, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    text = (tmp_path / "benchmarks.md").read_text()
    for row in (
        "| **Inbox**, `manage.py syncconversations` |",
        "| `uvicorn inbox.asgi:application` |",
        "| first sync | before |",
        "| first sync | after |",
        "| nothing changed | **Inbox** |",
        "| COPY |",
        "| answer, 200 a second | 200 |",
        "| processing, 50 a second | 50 |",
        "| answer, one of 50 items | 5 |",
        "| event, 50 a second | 500 |",
        "| COPY of the same rows |",
    ):
        assert row in text
    node = "| after, in Node, prefetching |" in text
    assert node or "The replaced application in Node was not measured: " in text
    assert "3 conversations with latency: at least 5 times faster than *before*" in text


def test_webhooks_alone_write_their_part_and_leave_the_others(tmp_path):
    path, live = tmp_path / "benchmarks.md", Live([0.02, 0.04], [0.1, 0.2], [0.3, 0.6])
    live.processed, live.copied = [900, 1000, 1100], [5000]
    write_syncs(path, "# Benchmarks\n\nSyncs\n")
    write_reads(path, "# Reading\n")
    before = path.read_text()
    for _ in range(2):
        write(Results(live=live), Options(only=("live",)), {"Day": "today"}, 60, tmp_path)
        text = path.read_text()
        first, rest = text.split("<!-- webhooks -->\n")
        webhooks, reads = rest.split("<!-- reads -->\n")
        assert first + "<!-- reads -->\n" + reads == before
        for row in (
            "| Day | today |",
            "| 200 webhooks a second are answered within 100 ms (95th percentile) | 40 ms | reached |",
            "| answer, one of 1,000 items | 2 | 200 | 200 | 200 |",
            "| event, 50 a second | 2 | 600 | 600 | 600 |",
            "| processed | 1,000 (900..1,100) |",
            "| COPY of the same rows | 5,000 |",
        ):
            assert row in webhooks
    write_syncs(path, "# Benchmarks\n\nSyncs\n")
    assert path.read_text() == text


def test_charts_are_valid_xml_documents():
    values = [Bar("<before>", 2, 1.5, 3, "theirs"), Bar("Inbox", 0.5, 0.5, 0.5, "ours", "4 times faster")]
    curves = [Steps("Inbox", [0, 0.5, 1], "ours"), Steps("one call", [0], "limit")]
    memory = [Curve("web", [(0, 90), (60, 120)], "ours"), Curve("worker", [(0, 80)], "limit")]
    drawings = (bars("A & B", "s", values), steps("Calls", "s", curves), lines("Memory", "s", "MB", memory))
    for drawing in drawings:
        assert ElementTree.fromstring(drawing).tag.endswith("svg")  # noqa: S314 - our own
