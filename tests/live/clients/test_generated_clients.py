"""Clients generated from /api/schema have every operation, without a warning, and walk through REST."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import requests
from django.conf import settings

from tests import biome
from tests.node import run_node

HERE = Path(__file__).parent
MODULES = settings.BASE_DIR / "node_modules"
SDK = settings.BASE_DIR / ".venv-sdk" / "bin"
STRICT = ["--strict", "--skipLibCheck", "--noUncheckedIndexedAccess", "--exactOptionalPropertyTypes"]
ES = ["--target", "es2022", "--module", "esnext", "--moduleResolution", "bundler"]


def need(is_there: bool, reason: str) -> None:
    if not is_there:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)


@pytest.fixture
def node_packages() -> None:
    need(biome.is_installed(), "node_modules is missing: python3 tests/biome.py check")


@pytest.fixture
def schema(web, key, tmp_path) -> Path:
    """The OpenAPI document in a folder where Node finds our packages."""
    path = tmp_path / "inbox.json"
    path.write_text(requests.get(f"{web.url}/api/schema", headers=key, timeout=60).text)
    (tmp_path / "node_modules").symlink_to(MODULES)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    return path


def run(*command: str | Path, cwd: Path, **variables: str) -> str:
    done = subprocess.run(
        command,
        cwd=cwd,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def operation_ids(schema: Path) -> list[str]:
    paths = json.loads(schema.read_text())["paths"]
    return [operation["operationId"] for methods in paths.values() for operation in methods.values()]


WALK = ["would tag True", "tagged 6", "tag Typed", "event Typed", "untagged 6"]


def test_typescript_client_walks_through_rest(node_packages, web, key, fill, schema, tmp_path):
    fill(30)
    said = run(MODULES / ".bin" / "openapi-typescript", schema, "-o", "inbox.ts", cwd=tmp_path)
    assert "warn" not in said.lower()
    types = (tmp_path / "inbox.ts").read_text()
    assert [name for name in operation_ids(schema) if f"{name}: {{" not in types] == []
    shutil.copy(HERE / "walk.ts", tmp_path)
    run(MODULES / ".bin" / "tsc", *STRICT, *ES, "walk.ts", cwd=tmp_path)
    lines = run_node(str(tmp_path / "walk.js"), web.url, key["Authorization"].split()[1]).lower().splitlines()
    assert lines == [
        "listed 6 string",
        *(line.lower() for line in WALK),
        "accepted 202 number",
        "synced complete",
        "exported id,page_id",
        "streamed complete",
        "events : open",
    ]


def test_python_client_walks_through_rest(web, key, fill, schema, tmp_path):
    need((SDK / "openapi-python-client").exists(), ".venv-sdk is missing: make development")
    fill(30)
    client, path = tmp_path / "inbox_client", f"{SDK}{os.pathsep}{os.environ['PATH']}"
    options = ["--path", schema, "--output-path", client, "--meta", "none", "--fail-on-warning"]
    said = run(SDK / "openapi-python-client", "generate", *options, cwd=tmp_path, PATH=path)
    assert "warning" not in said.lower()
    made = {file.stem for file in client.glob("api/*/*.py")}
    assert [name for name in operation_ids(schema) if name not in made] == []
    arguments = [web.url, key["Authorization"].split()[1]]
    page = (settings.BASE_DIR / "docs" / "api.md").read_text()
    [example] = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    example = example.replace("http://127.0.0.1:8000", web.url).replace("9944b0…", arguments[1])
    run(SDK / "python", "-c", example, cwd=tmp_path)
    said = run(SDK / "python", HERE / "walk.py", *arguments, cwd=tmp_path, PYTHONPATH=str(tmp_path))
    assert said.splitlines() == [
        "listed 6 datetime",
        *WALK,
        "accepted 202 int",
        "synced complete",
        "exported id,page_id",
        "streamed 1",
    ]


def test_linters_of_openapi_find_nothing(node_packages, schema, tmp_path):
    shutil.copy(HERE / "lint.mjs", tmp_path)
    assert run_node(str(tmp_path / "lint.mjs"), str(schema)) == ""
