"""Checks the page in a tab with axe."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page as Tab

# Rules whose violations are never serious take as long as the others: `region` looks at every element.
MINOR_RULES = """axe._audit.rules
    .filter(rule => !["serious", "critical"].includes(rule.impact))
    .map(rule => [rule.id, {enabled: false}])"""
# `preload` would load every style sheet again, for rules about audio, and about rotation (off by default).
OPTIONS = "resultTypes: ['violations'], preload: false"


def load_axe(tab: Tab) -> None:
    """Do this once for each page that the tab has loaded."""
    tab.evaluate(Axe().axe_script)


def violations(tab: Tab) -> list[dict]:
    """Return the violations that axe finds in the page, for which it was loaded."""
    return tab.evaluate(f"axe.run({{{OPTIONS}}})")["violations"]


def serious_violations(tab: Tab) -> list[dict]:
    return tab.evaluate(f"axe.run({{{OPTIONS}, rules: Object.fromEntries({MINOR_RULES})}})")["violations"]
