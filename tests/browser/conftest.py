"""Somebody at a browser, in front of a real web process."""

import os
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, expect
from playwright.sync_api import Page as Tab

from tests.browser.chromium import chromium_path, open_chromium
from tests.browser.watching import watch
from tests.factories import PageMemberFactory
from tests.live.conftest import open_stream, page, start_web, web  # noqa: F401 - fixtures

PASSWORD = "a horse of 17 hands"
Login = Callable[..., Tab]

expect.set_options(timeout=20_000)  # milliseconds: other tests run beside


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """One for all files here; it ends before the tests elsewhere, which do without its event loop."""
    if chromium_path() is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("Chromium is not here")
    with pytest.MonkeyPatch.context() as patch:
        # Playwright keeps an event loop in this thread, which is why Django would refuse to ask the database.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        with open_chromium() as browser:
            yield browser


@pytest.fixture
def wrong() -> list[str]:
    """What went wrong in the tabs. A test that wants something to empties it."""
    return []


@pytest.fixture
def log_in(chromium, web, page, wrong) -> Iterator[Login]:  # noqa: F811 - the fixtures above
    """A tab of staff with this role on the Page, logged in already; nothing may go wrong in it."""
    contexts = []

    def log_in(role: str, at: str = "/admin/", **options) -> Tab:
        user = User.objects.create_user(f"anna-{role}", password=PASSWORD, is_staff=True)
        PageMemberFactory(page=page, user=user, role=role)
        contexts.append(chromium.new_context(base_url=web.url, **options))
        let_in(contexts[-1], user, web.url)
        tab = contexts[-1].new_page()
        watch(tab, web.url, wrong)
        tab.goto(at)
        return tab

    yield log_in
    for context in contexts:
        context.close()
    assert not wrong


def let_in(context: BrowserContext, user: User, home: str) -> None:
    """With the cookie that the login page would give; that itself is tried in test_inbox.py."""
    client = Client()
    client.force_login(user)
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": home}])
