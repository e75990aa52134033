"""The wheel has all that an installation needs, and gives the command `inbox`, without a checkout."""

import os
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest
import requests
from django.conf import settings

import inbox
from inbox.postgres import throwaway
from tests.deploy.wheels import Installation, build, install
from tests.live.process import Web

ROOT = settings.BASE_DIR
PACKAGES = ("conversations", "inbox", "tags")
MOVED = {
    "deploy": "data/share/inbox",
    "docs": "data/share/inbox/docs",
    "locale": "inbox/locale",
    "templates": "inbox/templates",
}
KEY = {"SECRET_KEY": "only-for-the-tests-of-the-wheel-of-inbox"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    return build(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Installation:
    return install(wheel, tmp_path_factory.mktemp("installed"))


@pytest.fixture(scope="module")
def database(installed) -> Iterator[dict[str, str]]:
    """The variables of an installation on an empty database that its own command has migrated."""
    with throwaway(only="wheel") as server:
        server.create_database("installed")
        variables = KEY | {"DATABASE_URL": server.url("installed")}
        done = installed.inbox("migrate", "--verbosity", "0", **variables)
        assert done.returncode == 0, done.stderr  # which says what takes longer than two seconds
        yield variables


def files(folder: str) -> set[str]:
    paths = (path for path in (ROOT / folder).rglob("*") if "__pycache__" not in path.parts)
    return {str(path.relative_to(ROOT)) for path in paths if path.is_file()}


def test_wheel_has_every_file_of_the_packages_and_nothing_else(wheel):
    names = [name for name in ZipFile(wheel).namelist() if ".dist-info/" not in name]
    there = {name.removeprefix(f"inbox-{inbox.__version__}.data/") for name in names}
    wanted = (
        {"scripts/inbox-backup"}
        | {path for folder in PACKAGES for path in files(folder)}
        | {"inbox/manage.py"}
    )
    for folder, target in MOVED.items():
        wanted |= {f"{target}{path.removeprefix(folder)}" for path in files(folder)}
    assert there == wanted
    assert {Path(path).suffix for path in wanted} >= {".sql", ".html", ".mjs", ".css", ".po", ".txt", ".toml"}


def test_command_of_the_wheel_is_manage_py(installed, database):
    listed = installed.inbox("help", "--commands", **database).stdout.split()
    assert {"migrate", "syncconversations", "createsuperuser", "procrastinate"} <= set(listed)
    for arguments in (["--version"], ["migrate", "--check"], ["check", "--database", "default"]):
        done = installed.inbox(*arguments, **database)
        assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout
    refused = installed.inbox("check", **(database | {"SECRET_KEY": "short"}))
    assert refused.stderr.startswith("inbox: SECRET_KEY has fewer than 32 characters")


def test_wheel_serves_pages_and_their_static_files(installed, database):
    environment = os.environ | database | {"EMBEDDED_WORKER": "0"}
    web = Web(environment, python=installed.python, folder=installed.folder)
    try:
        assert "<form" in requests.get(f"{web.url}/login", timeout=60).text
        for path in ("inbox/icon.svg", "inbox/app/main.mjs", "conversations/admin.css", "admin/css/base.css"):
            assert requests.get(f"{web.url}/static/{path}", timeout=60).status_code == 200, path
    finally:
        web.stop()
    assert os.access(installed.environment / "bin" / "inbox-backup", os.X_OK)
    assert list(installed.folder.iterdir()) == []  # it writes nothing beside it


def test_version_stands_in_the_package(wheel):
    assert wheel.name == f"inbox-{inbox.__version__}-py3-none-any.whl"
