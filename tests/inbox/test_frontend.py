"""Runs the unit tests of the inbox page's modules that need no browser, under Node."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

NODE = shutil.which("node")
TESTS = sorted(Path(__file__).with_name("frontend").glob("*.test.mjs"))


@pytest.mark.skipif(
    NODE is None and not os.environ.get("CI"), reason="Node is missing: apt-get install nodejs"
)
@pytest.mark.parametrize("script", TESTS, ids=lambda script: script.stem)
def test_modules_of_the_page_pass_their_tests(script):
    done = subprocess.run(
        [str(NODE), "--test", str(script)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "# pass 0" not in done.stdout
