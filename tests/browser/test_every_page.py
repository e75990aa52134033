"""Every page is accessible, fits small screens and runs without errors.

Each page is loaded once and checked wide and light, then narrow and dark: together these cover both layouts
and both color schemes.
"""

from collections.abc import Iterator
from typing import Literal

import pytest
from django.contrib.admin import site
from django.contrib.admin.utils import lookup_field
from django.contrib.auth.models import User
from playwright.sync_api import Page as Tab
from playwright.sync_api import ViewportSize

from tests.browser.accessibility import load_axe, serious_violations
from tests.browser.all_pages import NOT_FOUND, OTHER_PAGES, fill, page_urls, request_of
from tests.browser.conftest import TIMEOUT_MS, let_in
from tests.browser.console_errors import watch
from tests.factories import PageMemberFactory

WIDE, NARROW = ViewportSize(width=1280, height=800), ViewportSize(width=360, height=740)
STATES: list[tuple[ViewportSize, Literal["light", "dark"]]] = [(WIDE, "light"), (NARROW, "dark")]
KNOWN_VIOLATIONS = {
    # Swagger UI has buttons to copy an address inside the buttons that open a route.
    ("/api/docs", "nested-interactive", ".opblock-summary-control"),
}
TOO_WIDE = """() => [...document.querySelectorAll("body *")]
    .filter((part) => part.getBoundingClientRect().right > innerWidth + 1)
    .map((part) => part.outerHTML.slice(0, 100)).at(-1)"""


@pytest.fixture
def staff(page):
    root = User.objects.create_superuser("root")
    viewer = User.objects.create_user("anna", is_staff=True)
    PageMemberFactory(page=page, user=viewer, role="viewer")
    fill(page)
    return {"superuser": root, "viewer": viewer}


@pytest.fixture
def tab(chromium, web) -> Iterator[Tab]:
    context = chromium.new_context(base_url=web.url, viewport=WIDE)
    context.set_default_timeout(TIMEOUT_MS)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("role", ["superuser", "viewer"])
def test_every_page_is_accessible_and_without_errors(tab, web, staff, role):
    problems: list[str] = []
    console_errors: list[str] = []
    watch(tab, web.url, console_errors)
    let_in(tab.context, staff[role], web.url)
    for url in page_urls(staff[role], OTHER_PAGES if role == "superuser" else ["/", "/admin/"]):
        tab.goto(url)
        if url == "/api/docs":
            tab.wait_for_selector(".opblock")  # its script renders the page
        problems += [f"{url} {problem}" for problem in check_page(tab, url)]
        problems += [f"{url}: {one}" for one in console_errors if not (url in NOT_FOUND and "404" in one)]
        console_errors.clear()
    assert not problems, "\n".join(problems)


def check_page(tab: Tab, url: str) -> Iterator[str]:
    """Yield the problems of the page that is open in this tab."""
    load_axe(tab)
    for size, scheme in STATES:
        tab.set_viewport_size(size)
        tab.emulate_media(color_scheme=scheme)  # unfold reads it only while a page loads
        tab.evaluate("dark => document.documentElement.classList.toggle('dark', dark)", scheme == "dark")
        yield from (f"{scheme}, {size['width']} px: {one}" for one in unknown_violations(tab, url))
    if tab.evaluate("document.documentElement.scrollWidth") > NARROW["width"]:
        yield f"is wider than {NARROW['width']} px: {tab.evaluate(TOO_WIDE)}"
    tab.set_viewport_size(WIDE)


def unknown_violations(tab: Tab, url: str) -> Iterator[str]:
    """Yield each serious violation that is not known, with its first element."""
    for violation in serious_violations(tab):
        nodes = [node for node in violation["nodes"] if not is_known(url, violation["id"], node)]
        if nodes:
            why = " ".join(nodes[0]["failureSummary"].split()[5:])[:250]
            yield f"{violation['id']}, {len(nodes)} times, first {nodes[0]['html'][:200]}: {why}"


def is_known(url: str, rule: str, node: dict) -> bool:
    return any(
        (url, rule) == (at, known) and node["target"][0].endswith(end) for at, known, end in KNOWN_VIOLATIONS
    )


def test_serious_violations_are_detected(tab):
    pale, nameless = '<p style="color: #bbb">pale</p>', '<a href="/"></a>'
    tab.set_content(f"<!doctype html><html lang=en><title>x</title><main>{pale}{nameless}</main>")
    load_axe(tab)
    assert {one["id"] for one in serious_violations(tab)} == {"color-contrast", "link-name"}


def test_violations_of_the_content_security_policy_are_detected(tab, web, staff):
    """Adds a script and a style to one of our pages: otherwise the test above would prove nothing."""
    console_errors: list[str] = []
    watch(tab, web.url, console_errors)
    route = "**/login"

    def add_inline_code(route) -> None:
        response = route.fetch()
        inline_code = "<script>document.title = 'run'</script><p style='color: red'>"
        route.fulfill(response=response, body=response.text().replace("<main>", f"<main>{inline_code}"))

    tab.route(route, add_inline_code)
    tab.goto("/login")
    assert tab.title() != "run"
    violations = [one for one in console_errors if "Content Security Policy" in one]
    assert len(violations) == 2, console_errors


def test_no_cell_hides_an_error(staff):
    """Django's admin shows "-" where a method of a column or field fails."""
    for model_admin in site._registry.values():
        for user in staff.values():
            request = request_of(user)
            if model_admin.has_view_permission(request):
                render_all(model_admin, request)


def render_all(model_admin, request) -> None:
    for row in model_admin.get_queryset(request):
        for name in {*model_admin.get_list_display(request), *model_admin.get_readonly_fields(request, row)}:
            if name != "action_checkbox":
                lookup_field(name, row, model_admin)
