"""Runs the unit tests of the browser's modules that need no browser, under Node."""

import re
from pathlib import Path

import pytest

from tests.node import needs_node, run_node

TESTS = sorted(Path(__file__).with_name("frontend").glob("*.test.mjs"))


@needs_node
@pytest.mark.parametrize("script", TESTS, ids=lambda script: script.stem)
def test_modules_of_the_page_pass_their_tests(script):
    assert "# pass 0" not in run_node("--test", str(script))


ROOT = Path(__file__).parents[2]
SCRIPTS = [
    path
    for folder in ("inbox/frontend", "inbox/static", "conversations/static")
    for path in (ROOT / folder).rglob("*.*js")
]
OWNERS = {
    r"\bEventSource\(": {"inbox/frontend/core/event-stream.mjs"},
    r"\bfetch\(": {  # session.mjs stands before the others: the login page loads it alone
        "inbox/frontend/core/api.mjs",
        "inbox/frontend/core/media.mjs",  # why a file cannot be had
        "inbox/frontend/core/session.mjs",
        "conversations/static/conversations/html.js",
    },
    r"csrftoken|csrfmiddlewaretoken": {"inbox/frontend/core/api.mjs"},
    r"\bIntl\.|\.toLocale(String|DateString|TimeString)\(": {
        "inbox/frontend/core/format.mjs",
        "inbox/frontend/core/time-zone.mjs",
    },
    r'"complete_with_errors"': {"inbox/frontend/core/run-state.mjs"},
}


@pytest.mark.parametrize("pattern", OWNERS)
def test_inbox_page_and_admin_share_one_client_one_stream_and_one_set_of_formats(pattern):
    users = {str(path.relative_to(ROOT)) for path in SCRIPTS if re.search(pattern, path.read_text())}
    assert users == OWNERS[pattern]


# -- docs/frontend.md: views say what is shown, and the core touches the document
APP = ROOT / "inbox" / "frontend"
CORE = APP / "core"
BY_HAND = re.compile(
    r"\bdocument\.|\bbyId\(|querySelector|getElement|createElement|[sg]etAttribute|removeAttribute|EventListener\("
    r"|replaceChildren|insertBefore|\.append\(|\.remove\(\)|cloneNode|innerHTML|textContent|classList|\.style\b"
    r"|\.dataset|\.scroll[A-Z]|\.focus\(|\.blur\(|activeElement|\.closest\b|\.matches\("
)


@pytest.mark.parametrize(
    "module",
    [path for path in sorted(APP.rglob("*.mjs")) if CORE not in path.parents],
    ids=lambda path: path.name,
)
def test_modules_above_the_core_do_not_touch_the_document(module):
    assert BY_HAND.findall(module.read_text()) == []


def test_the_core_imports_nothing_from_above():
    assert [path.name for path in CORE.glob("*.mjs") if re.search(r"""["']\.\./""", path.read_text())] == []


def test_watchers_select_parts_with_a_function():
    named = re.compile(r"""\b(?:watch|when)\(\s*["'`]""")
    assert [path.name for path in APP.rglob("*.mjs") if named.search(path.read_text())] == []
