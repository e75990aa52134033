"""Bounds in seconds allow for a busy machine, and for nothing else."""

import os
import subprocess
import sys

import pytest

from tests import machine


def sleeping(seconds: float) -> subprocess.Popen:
    return subprocess.Popen([sys.executable, "-c", f"import time; time.sleep({seconds})"])


def test_what_does_not_end_is_too_late(monkeypatch):
    monkeypatch.setattr(machine, "slowness", lambda: 1.0)
    with sleeping(600) as process:
        with pytest.raises(AssertionError, match=r"over 0\.2 s, .* 1\.0 times"):
            machine.in_time(0.2, process.wait)
        process.kill()


def test_bound_grows_with_the_slowness_found_during_the_wait(monkeypatch):
    found, waits = iter([1.0, 3.0, 2.0]), []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        raise subprocess.TimeoutExpired("wait", seconds)

    monkeypatch.setattr(machine, "slowness", lambda: next(found))
    monkeypatch.setattr(machine.time, "monotonic", lambda: sum(waits))
    with pytest.raises(AssertionError, match=r"over 5 s, .* 3\.0 times"):
        machine.in_time(5, wait)
    assert waits == [5, 10]


def test_condition_is_awaited_but_not_for_longer(monkeypatch):
    monkeypatch.setattr(machine, "slowness", lambda: 1.0)
    answers = iter([False, False, True])
    machine.condition_in_time(60, lambda: next(answers))
    with pytest.raises(AssertionError, match=r"over 0\.2 s"):
        machine.condition_in_time(0.2, lambda: False)


def test_busy_processors_are_noticed():
    before = machine.slowness()
    busy = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(3 * (os.cpu_count() or 1))
    ]
    try:
        assert machine.slowness() > 1.5
    finally:
        for process in busy:
            process.kill()
            process.wait()
    assert before >= 1


def test_slowness_is_measured_once_for_tests_in_a_row(monkeypatch):
    found = iter([2.0, 4.0])
    monkeypatch.setattr(machine, "slowness", lambda: next(found))
    monkeypatch.setattr(machine, "_measured", machine.Measured())
    assert [machine.recent_slowness(), machine.recent_slowness()] == [2.0, 2.0]
    assert machine.recent_slowness(maximum_age=-1) == 4.0


def test_pause_is_longer_on_a_busy_machine_but_not_without_end(monkeypatch):
    found = iter([1.0, 2.0, 9.0])
    monkeypatch.setattr(machine, "slowness", lambda: next(found))
    assert [machine.pause(4, maximum=12) for _ in range(3)] == [4, 8, 12]
