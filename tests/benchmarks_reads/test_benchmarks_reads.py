"""Tests of `make bench-reads` itself: its steps, its room on the disk, and its documents. `make load` runs its build."""

from xml.etree import ElementTree

import pytest
from django.db import connection

from inbox.postgres import PostgresError
from tests.benchmarks_reads.place import needed_bytes, require_room
from tests.benchmarks_reads.report import write, write_comparison
from tests.benchmarks_reads.results import Bulk, Measured, Result


def measured(rows: int, *, slow: float = 1.0) -> Measured:
    results = [Result("newest", 8, 10, 2, 0, 0, 30), Result("search: rare word", 18, 20 * slow, 3, 0, 0, 120)]
    bulks = [Bulk("tag", 1_000_000, 61.0, 12.0, 15.0), Bulk("undo", 1_000_000, 40.0, 12.0, 16.0)]
    return Measured(
        rows, 100, 200, results, bulks, ["A note."], [("conversations_conversation", 10**9)], "2 cores"
    )


@pytest.mark.django_db
def test_a_step_that_is_done_is_not_repeated_by_a_later_run():
    from tests.benchmarks_reads.build import Steps

    done = []
    for _ in range(2):
        Steps().once("rows to 10", lambda: done.append(1))
    assert done == [1]


@pytest.mark.django_db
def test_a_step_that_fails_is_done_again_as_a_whole():
    from tests.benchmarks_reads.build import Steps

    def fail() -> None:
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE half_of_it ()")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Steps().once("rows to 10", fail)
    assert "half_of_it" not in connection.introspection.table_names()
    assert not Steps().is_done("rows to 10")


def test_a_disk_without_room_is_refused_before_anything_is_built(tmp_path, capsys):
    with pytest.raises(
        PostgresError, match=r"needed: set TMPDIR to a folder of a larger disk, or choose fewer ROWS"
    ):
        require_room([10**12], tmp_path / "data", held=0)
    require_room([10], tmp_path / "data", held=0)
    assert "3.0 GB of disk are needed" in capsys.readouterr().out
    assert 40e9 < needed_bytes([1_000_000, 10_000_000]) < 70e9


def test_a_comparison_writes_the_ratios_and_marks_what_is_missed(tmp_path):
    write_comparison(measured(1_000_000), measured(10_000_000, slow=1.6), tmp_path)
    text = (tmp_path / "scale.md").read_text()
    assert "**missed** by 1 of 2: search: rare word." in text
    assert "| newest | 10.0 | 10.0 | 1.00 |" in text
    assert "| search: rare word | 20.0 | 32.0 | 1.60 **missed** |" in text
    assert (
        "tag of 1,000,000 conversations: 61.0 s; a list takes 15.0 ms meanwhile, 12.0 ms before (p95). **missed**"
        in text
    )
    assert (
        "undo of 1,000,000 conversations: 40.0 s; a list takes 16.0 ms meanwhile, 12.0 ms before (p95).\n"
        in text
    )
    ElementTree.parse(tmp_path / "scale" / "rows.svg")  # noqa: S314 - our own


def test_a_run_without_baselines_has_no_columns_and_no_picture_of_them(tmp_path):
    before = measured(1_000_000)
    before.results = [Result("newest", 8, 10, 2, 800, 4, 30)]
    write(before, tmp_path)
    picture = tmp_path / "benchmarks" / "reads.svg"
    assert (
        "| newest | 8.0 | 10.0 | 30 | 2 | 800.0 | 100.0 | 4.0 | 0.5 |"
        in (tmp_path / "benchmarks.md").read_text()
    )
    assert picture.exists()
    write(measured(1_000_000), tmp_path)
    text = (tmp_path / "benchmarks.md").read_text()
    assert "| newest | 8.0 | 10.0 | 30 | 2 |\n" in text
    assert "(`BASELINES=0`)" in text
    assert "reads.svg" not in text
    assert not picture.exists()
