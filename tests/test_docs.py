"""What the documentation says of the code is what the code says."""

import re
from functools import cache
from pathlib import Path

import pytest

from tests import list_sizes, recoveries

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_table_of_list_sizes_is_the_codes_own():
    shown = list_sizes.in_page(list_sizes.PAGE.read_text())
    assert shown == list_sizes.table(), "write it anew: .venv/bin/python -m tests.list_sizes"


def test_table_of_recoveries_is_the_codes_own():
    shown = recoveries.in_page(recoveries.PAGE.read_text())
    assert shown == recoveries.table(), "write it anew: .venv/bin/python -m tests.recoveries"
    assert shown.count("\n") > 30


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_parts_of_pages_that_links_name_are_there(page):
    links = re.findall(r"\]\(([^)#:\s]*)#([^)]+)\)", page.read_text())
    pages = [((page.parent / path) if path else page, part) for path, part in links]
    assert [part for path, part in pages if path.suffix == ".md" and part not in parts_of(path)] == []


@cache
def parts_of(page: Path) -> set[str]:
    """The names that GitHub gives the headings of a page. Of equal ones the later ones get a number."""
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    titles = [re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", title) for title in re.findall(r"^#+ (.*)$", text, re.M)]
    names = [re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles]
    numbers = [names[:index].count(name) for index, name in enumerate(names)]
    return {f"{name}-{number}" if number else name for name, number in zip(names, numbers, strict=True)}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_page_has_both_sides_of_a_merge(page):
    assert re.findall(r"^(?:<{7} .*|={7}|>{7} .*)$", page.read_text(), re.MULTILINE) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_rooms_that_are_named_are_there(page):
    named = re.findall(r"`((?:conversations|inbox|tags|tests)/[\w/.]*)`", page.read_text())
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_functions_of_the_four_walks_exist():
    walks = (
        (ROOT / "docs" / "architecture.md").read_text().partition("## Four walks")[2].partition("\n## ")[0]
    )
    steps = re.findall(r"^\d+\. `([\w/.-]+)` `([\w.]+)`", walks, re.MULTILINE)
    assert len(steps) == 38
    assert [step for step in steps if not is_defined(*step)] == []


def is_defined(path: str, name: str) -> bool:
    text = (ROOT / path).read_text()
    return all(re.search(rf"\b(class|def|function) {part}\b", text) for part in name.split("."))
