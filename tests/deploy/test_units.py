"""The units of systemd are valid and hardened, and their settings are those that Django asks for."""

import os
import re
import secrets
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

DEPLOY = settings.BASE_DIR / "deploy"
SERVICES = sorted((DEPLOY / "systemd").glob("*.service"))
MOST_EXPOSED = 4.0  # 10 is a process that may do everything


@pytest.fixture
def analyze():
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd is not installed")

    def run(*arguments: str | Path) -> str:
        command = ["systemd-analyze", "--no-pager", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    return run


def test_units_are_valid(analyze, tmp_path):
    for path in (DEPLOY / "systemd").iterdir():
        text = path.read_text()
        for program in re.findall(r"/opt/inbox/bin/([\w-]+)", text):
            shutil.copy("/bin/true", tmp_path / program)  # a program that is missing is a finding
        name = path.name.replace("@.", "@1.")
        (tmp_path / name).write_text(text.replace("/opt/inbox/bin/", f"{tmp_path}/"))
    assert analyze("verify", "--man=no", *tmp_path.glob("inbox-*.*")) == ""


@pytest.mark.parametrize("service", SERVICES, ids=lambda path: path.stem)
def test_services_may_do_little(service, analyze):
    said = analyze("security", "--offline=true", service)
    [exposure] = re.findall(r"exposure level for \S+: ([\d.]+)", said)
    assert float(exposure) < MOST_EXPOSED


def variables() -> dict[str, str]:
    lines = (DEPLOY / "inbox.env").read_text().splitlines()
    return dict(line.replace('"', "").split("=", 1) for line in lines if line and not line.startswith("#"))


def test_example_of_an_environment_names_settings_that_are_documented():
    pages = ("README.md", "docs/deploying.md", "docs/backup.md")
    known = "".join((settings.BASE_DIR / page).read_text() for page in pages)
    assert [name for name in variables() if not re.search(rf"\b{name}\b", known)] == []


def test_example_of_an_environment_passes_the_check_of_django():
    assert (found := check()).returncode == 0, found.stderr
    assert "no issues" in found.stdout
    assert check(HTTPS="0").returncode == 1


def check(**others: str) -> subprocess.CompletedProcess[str]:
    keys = {"SECRET_KEY": secrets.token_urlsafe(48), "TOKEN_ENCRYPTION_KEYS": secrets.token_urlsafe(48)}
    manage: list[str | Path] = [sys.executable, settings.BASE_DIR / "manage.py"]
    return subprocess.run(
        [*manage, "check", "--deploy", "--fail-level", "WARNING"],
        env={"PATH": os.environ["PATH"]} | variables() | keys | others,
        capture_output=True,
        text=True,
        check=False,
    )
