"""Requests that a test holds back by a route, and lets go later."""

from playwright.sync_api import Page as Tab
from playwright.sync_api import Route

POLL_MS = 10


def wait_for_held(tab: Tab, held: list[Route]) -> Route:
    """Return the request that is held. It is reported by `expect_request` before it gets to its route."""
    while not held:
        tab.wait_for_timeout(POLL_MS)
    [route] = held
    return route
