"""The examples of docs/api.md run on a demo as they stand; only address and key are put in."""

import os
import re
import shutil
import subprocess

import pytest
from django.conf import settings

from tests.live.test_spa_examples import examples, with_names
from tests.node import NODE, run_node

GENERATES = re.compile("openapi-(typescript|python-client)")  # test_generated_clients.py runs these
CURL = 'curl() { command curl -sS --fail-with-body "$@" && echo; }; set -e\n'

pytestmark = pytest.mark.django_db(transaction=True, reset_sequences=True)  # the examples name rows by ID


def commands() -> list[str]:
    page = (settings.BASE_DIR / "docs" / "api.md").read_text()
    blocks = [
        block for block in re.findall(r"```sh\n(.*?)```", page, re.DOTALL) if not GENERATES.search(block)
    ]
    assert len(blocks) > 5
    return blocks


def test_every_example_runs_on_a_demo(demo, page, key, tmp_path):
    token = key["Authorization"].split()[1]
    for block in commands():
        script = block.replace("http://127.0.0.1:8000", demo.url).replace("9944b0…", token)
        variables = {"INBOX": demo.url, "AUTH": f"Authorization: Token {token}"}
        done = subprocess.run(
            [shutil.which("bash") or "bash", "-c", CURL + script],
            env=os.environ | variables,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, block + done.stdout + done.stderr
        assert '"total":0' not in done.stdout, block
        assert '"matched":0' not in done.stdout, block
    assert (tmp_path / "vip.csv").read_text().count("\n") > 10
    if NODE or os.environ.get("CI"):
        lines = run_node(
            "--input-type=module", "--eval", with_names(examples(), demo.url, token, page.facebook_page_id)
        )
        check(lines.splitlines())


def check(lines: list[str]) -> None:
    assert any(line.startswith("complete ") for line in lines)
    assert sum("Sam" in line for line in lines) > 5
    tagged, untagged = (line.split() for line in lines[-2:])
    assert (tagged[0], untagged[0]) == ("tagged", "untagged")
    assert int(tagged[1]) == int(untagged[1]) > 5
