"""A reader of another language sees it in templates, in what Python says, and in scripts."""

from pathlib import Path

import pytest
import requests
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from playwright.sync_api import expect

from tests import texts
from tests.browser.conftest import let_in
from tests.factories import superuser
from tests.live.conftest import start_web  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db(transaction=True)


def translated(text: str | tuple[str, ...] | list[str]) -> str | tuple[str, ...]:
    """Return the text of the test's language: the English one, in brackets."""
    return f"⟦{text}⟧" if isinstance(text, str) else tuple(f"⟦{one}⟧" for one in text)


def catalogue_of(domain: str) -> Catalog:
    catalog = Catalog(locale="eo")
    for message in texts.collect(domain):
        if message.id:
            one = Message(message.id, translated(message.id), context=message.context)
            catalog[message.id] = one
    return catalog


@pytest.fixture
def second_language(tmp_path) -> Path:
    for domain in texts.DOMAINS:
        path = tmp_path / "eo" / "LC_MESSAGES" / f"{domain}.mo"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            write_mo(file, catalogue_of(domain))
    return tmp_path


@pytest.fixture
def multilingual(start_web, second_language):  # noqa: F811 - the fixture above
    return start_web(
        DJANGO_SETTINGS_MODULE="tests.live.second_language", SECOND_LANGUAGE=str(second_language)
    )


def open_tab(chromium, web, locale: str, requested: list[str]):
    context = chromium.new_context(base_url=web.url, locale=locale)
    let_in(context, superuser(), web.url)
    tab = context.new_page()
    tab.on("request", lambda request: requested.append(request.url))
    tab.goto("/")
    return tab


def test_templates_python_and_scripts_speak_the_language_of_the_reader(chromium, multilingual, page):
    requested: list[str] = []
    tab = open_tab(chromium, multilingual, "eo", requested)
    expect(tab.locator("html")).to_have_attribute("lang", "eo")
    expect(tab.locator("#logout")).to_have_text("⟦Log out⟧")  # a template
    expect(tab.get_by_role("button", name="⟦New tag⟧")).to_be_visible()  # a script
    expect(tab.locator("#list-state")).to_contain_text("⟦No conversations yet⟧")
    error = "fetch('/api/conversations?limit=x').then((answer) => answer.json()).then(({ error }) => error)"
    assert tab.evaluate(error) == "limit: ⟦It must be a whole number from 1 to 10000, not 'x'.⟧"
    tab.evaluate(  # the plural
        """async () => {
            const { plural } = await import("/static/inbox/app/core/format.mjs");
            document.title = plural(1, "%(count)s conversation", "%(count)s conversations")
                + plural(2, "%(count)s conversation", "%(count)s conversations");
        }"""
    )
    assert tab.title() == "⟦1 conversation⟧⟦2 conversations⟧"
    [catalogue] = [url for url in requested if "/texts/" in url]
    answer = requests.get(catalogue, timeout=60)
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    tab.goto("/admin/conversations/page/")
    expect(tab.locator("h1")).to_contain_text("⟦Pages⟧")
    expect(tab.locator("#result_list thead")).to_contain_text("⟦Facebook ID⟧")


def test_readers_of_english_load_no_catalogue(chromium, multilingual, page):
    requested: list[str] = []
    tab = open_tab(chromium, multilingual, "en-US", requested)
    expect(tab.get_by_role("button", name="New tag")).to_be_visible()
    assert [url for url in requested if "/texts/" in url] == []
