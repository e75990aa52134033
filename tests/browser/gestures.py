"""What fingers do."""

from playwright.sync_api import Locator
from playwright.sync_api import Page as Tab


def swipe(tab: Tab, row: Locator, distance: int) -> None:
    """Swipe a row of the list to the left, by this number of pixels."""
    box = row.bounding_box()
    assert box
    x, y = box["x"] + 250, box["y"] + box["height"] / 2
    session = tab.context.new_cdp_session(tab)
    for kind, part in (("Start", 0), ("Move", 0.25), ("Move", 0.5), ("Move", 1), ("End", None)):
        points = [] if part is None else [{"x": x - distance * part, "y": y}]
        session.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": points})
