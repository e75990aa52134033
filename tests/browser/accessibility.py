"""Checks the page in a tab with axe."""

from collections.abc import Callable
from functools import cache

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page as Tab

# Rules whose violations are never serious take as long as the others: `region` looks at every element.
MINOR_RULES = """axe._audit.rules
    .filter(rule => !["serious", "critical"].includes(rule.impact))
    .map(rule => [rule.id, {enabled: false}])"""
# `preload` would load every style sheet again, for rules about audio, and about rotation (off by default).
OPTIONS = "resultTypes: ['violations'], preload: false"
# The rules about colors. The others look at elements, which are the same in each color scheme.
COLOR_RULES = "runOnly: ['color-contrast', 'link-in-text-block']"


@cache
def axe_script() -> str:
    return Axe().axe_script


def load_axe(tab: Tab) -> None:
    """Do this once for each page that the tab has loaded."""
    tab.evaluate(axe_script())


def violations(tab: Tab) -> list[dict]:
    """Return the violations that axe finds in the page, for which it was loaded."""
    return found(tab, "")


def serious_violations(tab: Tab) -> list[dict]:
    return found(tab, f"rules: Object.fromEntries({MINOR_RULES})")


def violations_of_both_schemes(tab: Tab, find: Callable[[Tab], list[dict]] = violations) -> list[dict]:
    """What `find` returns in the light color scheme, and what is wrong with the colors of the dark one.

    For pages whose elements do not depend on the scheme.
    """
    in_light = find(tab)
    tab.emulate_media(color_scheme="dark")
    in_dark = found(tab, COLOR_RULES)
    tab.emulate_media(color_scheme="light")
    return in_light + in_dark


def found(tab: Tab, options: str) -> list[dict]:
    """Only violations leave the browser: axe's whole result takes long on the way."""
    return tab.evaluate(f"axe.run({{{OPTIONS}, {options}}}).then(({{violations}}) => violations)")
