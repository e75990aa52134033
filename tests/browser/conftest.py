"""Fixtures for a signed-in user in a browser, with a real web process."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, expect
from playwright.sync_api import Page as Tab

from tests.browser.chromium import chromium_path, open_chromium
from tests.browser.console_errors import watch
from tests.factories import PageMemberFactory
from tests.live.conftest import open_stream, page, sandbox_port, web  # noqa: F401 - fixtures
from tests.machine import recent_slowness

PASSWORD = "a horse of 17 hands"
Login = Callable[..., Tab]

TIMEOUT_MS = 60_000  # other tests run at the same time
expect.set_options(timeout=TIMEOUT_MS)

TOASTS = Path(settings.BASE_DIR, "inbox", "frontend", "core", "toast.mjs")
[TOAST_MS] = map(int, re.findall(r"VISIBLE_MS = (\d+);", TOASTS.read_text()))
LONGEST_TOAST_MS = 40_000  # less than a test waits for what is below one
# Chromium ignores keys until a page has been painted; what a test waits for is often there before.
PAINTED = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
# A test looks at other things before it presses Undo: on a busy machine for longer than a toast is shown.
KEEP_TOASTS = """(() => {{
  const start = setTimeout;
  window.setTimeout = (run, delay, ...more) => start(run, delay === {usual} ? {kept} : delay, ...more);
}})()"""


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """One browser for this package; it ends before other tests, which must not have its event loop."""
    if chromium_path() is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("Chromium is not here")
    with pytest.MonkeyPatch.context() as patch:
        # Playwright runs an event loop in this thread, in which Django refuses database access.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        with open_chromium() as browser:
            yield browser


@pytest.fixture
def wrong() -> list[str]:
    """Errors that occurred in the tabs. A test that expects errors clears it."""
    return []


@pytest.fixture
def log_in(chromium, web, page, wrong) -> Iterator[Login]:  # noqa: F811 - the fixtures above
    """Open a tab as a staff user with this role on the Page; the test fails on an error in the tab."""
    contexts = []

    def log_in(role: str, at: str = "/admin/", **options) -> Tab:
        user = User.objects.create_user(f"anna-{role}", password=PASSWORD, is_staff=True)
        PageMemberFactory(page=page, user=user, role=role)
        contexts.append(chromium.new_context(base_url=web.url, **options))
        contexts[-1].set_default_timeout(TIMEOUT_MS)
        contexts[-1].add_init_script(keep_toasts())
        let_in(contexts[-1], user, web.url)
        tab = contexts[-1].new_page()
        watch(tab, web.url, wrong)
        tab.goto(at)
        tab.evaluate(PAINTED)
        return tab

    yield log_in
    for context in contexts:
        context.close()
    assert not wrong


def keep_toasts() -> str:
    """The script that shows toasts for as long as this machine is slow."""
    kept = min(TOAST_MS * recent_slowness(maximum_age=60), LONGEST_TOAST_MS)
    return KEEP_TOASTS.format(usual=TOAST_MS, kept=kept)


def let_in(context: BrowserContext, user: User, home: str) -> None:
    """Set the session cookie that a login would set; test_inbox.py tests the login itself."""
    client = Client()
    client.force_login(user)
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": home}])
