"""Each page that there is, walked: readable, for everybody, on every screen, and nothing goes wrong in it.

A page is loaded once and looked at in three states: wide and light (all rules), wide and dark (colours),
narrow and dark (all rules). Narrow and light would have the layout of the one and the colours of the other.
"""

from collections.abc import Iterator
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.admin import site
from django.contrib.admin.utils import lookup_field
from django.contrib.auth.models import User
from playwright.sync_api import Page as Tab
from playwright.sync_api import ViewportSize

from tests.browser.conftest import let_in
from tests.browser.everything import BESIDE, REFUSED, addresses, fill, request_of
from tests.browser.watching import watch
from tests.factories import PageMemberFactory

WIDE, NARROW = ViewportSize(width=1280, height=800), ViewportSize(width=360, height=740)
STATES: list[tuple[ViewportSize, Literal["light", "dark"]]] = [(WIDE, "light"), (NARROW, "dark")]
GRAVE = {"serious", "critical"}
KNOWN = {
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
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("role", ["superuser", "viewer"])
def test_every_page_is_accessible_and_tidy(tab, web, staff, role):
    faults: list[str] = []
    wrong: list[str] = []
    watch(tab, web.url, wrong)
    let_in(tab.context, staff[role], web.url)
    for address in addresses(staff[role], BESIDE if role == "superuser" else ["/", "/admin/"]):
        tab.goto(address)
        if address == "/api/docs":
            tab.wait_for_selector(".opblock")  # it draws itself
        faults += [f"{address} {fault}" for fault in looked_at(tab, address)]
        faults += [f"{address}: {fault}" for fault in wrong if not (address in REFUSED and "404" in fault)]
        wrong.clear()
    assert not faults, "\n".join(faults)


def looked_at(tab: Tab, address: str) -> Iterator[str]:
    tab.evaluate(Axe().axe_script)
    for size, scheme in STATES:
        tab.set_viewport_size(size)
        tab.emulate_media(color_scheme=scheme)  # which unfold asks only while a page loads
        tab.evaluate("dark => document.documentElement.classList.toggle('dark', dark)", scheme == "dark")
        yield from (f"{scheme}, {size['width']} px: {fault}" for fault in graves(tab, address))
    if tab.evaluate("document.documentElement.scrollWidth") > NARROW["width"]:
        yield f"is wider than {NARROW['width']} px: {tab.evaluate(TOO_WIDE)}"
    tab.set_viewport_size(WIDE)


def graves(tab: Tab, address: str) -> Iterator[str]:
    """Each grave violation, with the first element at fault."""
    found = tab.evaluate("axe.run({resultTypes: ['violations']})")
    for violation in found["violations"]:
        nodes = [node for node in violation["nodes"] if not is_known(address, violation["id"], node)]
        if violation["impact"] in GRAVE and nodes:
            why = " ".join(nodes[0]["failureSummary"].split()[5:])[:250]
            yield f"{violation['id']}, {len(nodes)} times, first {nodes[0]['html'][:200]}: {why}"


def is_known(address: str, rule: str, node: dict) -> bool:
    return any((address, rule) == (at, known) and node["target"][0].endswith(end) for at, known, end in KNOWN)


def test_what_breaks_the_policy_is_seen(tab, web, staff):
    """Or the walk would prove nothing: a page of ours with a script and a style written into it."""
    wrong: list[str] = []
    watch(tab, web.url, wrong)
    route = "**/login"

    def spoil(route) -> None:
        answer = route.fetch()
        spoilt = "<script>document.title = 'run'</script><p style='color: red'>"
        route.fulfill(response=answer, body=answer.text().replace("<main>", f"<main>{spoilt}"))

    tab.route(route, spoil)
    tab.goto("/login")
    assert tab.title() != "run"
    assert len([said for said in wrong if "Content Security Policy" in said]) == 2, wrong


def test_no_cell_hides_an_error(staff):
    """Django's admin shows "-" where a method of a column or field fails."""
    for model_admin in site._registry.values():
        for user in staff.values():
            request = request_of(user)
            if model_admin.has_view_permission(request):
                show_all(model_admin, request)


def show_all(model_admin, request) -> None:
    for row in model_admin.get_queryset(request):
        for name in {*model_admin.get_list_display(request), *model_admin.get_readonly_fields(request, row)}:
            if name != "action_checkbox":
                lookup_field(name, row, model_admin)
