"""Runs the unit tests of the browser's modules that need no browser, under Node."""

from pathlib import Path

import pytest

from tests.node import needs_node, run_node

TESTS = sorted(Path(__file__).with_name("frontend").glob("*.test.mjs"))


@needs_node
@pytest.mark.parametrize("script", TESTS, ids=lambda script: script.stem)
def test_modules_of_the_page_pass_their_tests(script):
    assert "# pass 0" not in run_node("--test", str(script))
