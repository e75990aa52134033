"""The parts of the inbox page that need no browser, under Node."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

NODE = shutil.which("node")
TESTS = sorted(Path(__file__).with_name("app").glob("*.test.mjs"))


@pytest.mark.skipif(
    NODE is None and not os.environ.get("CI"), reason="Node is missing: apt-get install nodejs"
)
@pytest.mark.parametrize("script", TESTS, ids=lambda script: script.stem)
def test_parts_of_the_page_do_what_their_tests_say(script):
    done = subprocess.run(
        [str(NODE), "--test", str(script)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "# pass 0" not in done.stdout
