"""The core of the frontend in a browser. Its tests are in frontend_core.mjs: this page needs no server."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Route
from playwright.sync_api import Page as Tab

HOME = "http://core.example/"
SCRIPT = Path(__file__).with_name("frontend_core.mjs")
ROOT = Path(__file__).parents[2]
FRONTEND = ROOT / "inbox" / "frontend"
EXAMPLE = "list/unread-names.mjs"
[EXAMPLE_CODE] = re.findall(
    rf"```js\n(// {EXAMPLE}.+?)```", (ROOT / "docs/frontend.md").read_text(), re.DOTALL
)
NAMES = re.findall(r'^\t(?:async )?"(.+)"\(\) \{$', SCRIPT.read_text(), re.MULTILINE)
RUN = """async (name) => {
  const { tests } = await import("/tests.mjs");
  document.body.replaceChildren();
  await tests[name]();
}"""


def serve(route: Route) -> None:
    path = route.request.url.removeprefix(HOME)
    if not path.endswith(".mjs"):
        route.fulfill(body="<!doctype html><title>Core</title><body>", content_type="text/html")
        return
    file = SCRIPT if path == "tests.mjs" else FRONTEND / path
    code = EXAMPLE_CODE if path == EXAMPLE else file.read_text()
    route.fulfill(body=code, content_type="text/javascript")


@pytest.fixture(scope="module")
def tab(chromium: Browser) -> Iterator[Tab]:
    tab = chromium.new_page()
    tab.route(f"{HOME}**", serve)
    tab.goto(HOME)
    yield tab
    tab.close()


@pytest.mark.parametrize("name", NAMES)
def test_core(tab: Tab, name: str):
    tab.evaluate(RUN, name)


def test_all_tests_of_the_core_are_run(tab: Tab):
    assert tab.evaluate("import('/tests.mjs').then(({ tests }) => Object.keys(tests))") == NAMES


SHOW_EXAMPLE = """async () => {
  document.body.innerHTML = '<ul id="unread-names"></ul>';
  const { startUnreadNames } = await import("/list/unread-names.mjs");
  const store = await import("/core/store.mjs");
  const list = document.getElementById("unread-names");
  startUnreadNames();
  await new Promise((resolve) => setTimeout(resolve));
  const before = list.hidden;
  const row = (sender_name, unread_count) => ({ id: 1 + unread_count, sender_name, unread_count });
  store.setList({ rows: [row("Ana", 0), row("Ben", 1), row("Cem", 2)] });
  await new Promise((resolve) => setTimeout(resolve));
  list.querySelector("button").click();
  return [before, list.hidden, list.innerText, store.state.openId, location.search];
}"""


def test_example_of_the_documentation_works(tab: Tab):
    assert tab.evaluate(SHOW_EXAMPLE) == [True, False, "Ben\nCem", 2, "?conversation=2"]
