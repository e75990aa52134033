"""The pictures of the README, over the demo's data: `make screenshots`.

The demo's customers write in many scripts: Debian has the letters in fonts-noto-core, fonts-noto-cjk and
fonts-noto-color-emoji.
"""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page as Tab

from tests.browser.chromium import open_chromium

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "docs" / "screenshots"
PORT = os.environ.get("PORT", "8300")
SITE = f"http://127.0.0.1:{PORT}"
LIST = "/admin/conversations/conversation/"


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    with demo() as password, open_chromium() as browser:
        tab = browser.new_page(base_url=SITE, viewport={"width": 1280, "height": 800})
        log_in(tab, password)
        inbox_page(tab)
        conversation_list(tab)
        conversation(tab)
        page_in_sync(tab)
        run_of_it(tab)
        start_page(tab)


@contextmanager
def demo() -> Iterator[str]:
    """The demo, served; its password."""
    command = [sys.executable, str(ROOT / "manage.py"), "demo"]
    process = subprocess.Popen(command, env=os.environ | {"PORT": PORT}, stdout=subprocess.PIPE, text=True)
    try:
        told = ""
        for line in process.stdout or ():
            told += line
            if line.startswith("Serving"):
                break
        yield re.findall(r"password (\S+)", told)[0]
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()


def log_in(tab: Tab, password: str) -> None:
    tab.goto("/login")
    tab.get_by_label("Username").fill("demo")
    tab.get_by_label("Password").fill(password)
    tab.get_by_role("button", name="Log in").click()


def inbox_page(tab: Tab) -> None:
    """With a conversation open that has tags and an attachment, in letters that every machine can show."""
    tab.goto("/?include_tags=order,vip,follow-up")
    tab.wait_for_selector("#rows a")
    for _ in range(30):
        tab.keyboard.press("j")
        tab.keyboard.press("Enter")
        tab.wait_for_selector("#events .message")
        is_shown = tab.locator("#talk-head").inner_text().split("\n")[0].isascii()
        if is_shown and tab.locator("#talk-head .tag").count() > 1 and tab.locator(".piece a").count():
            break
    take(tab, "inbox")


def conversation_list(tab: Tab) -> None:
    tab.goto(f"{LIST}?q=Garcia")
    take(tab, "conversations")


def conversation(tab: Tab) -> None:
    """One that has a few messages, something attached, and tags."""
    tab.goto(f"{LIST}?tagging=tagged")
    links = tab.locator("#result_list th a")
    addresses = [links.nth(number).get_attribute("href") or "" for number in range(links.count())]
    for address in addresses:
        tab.goto(address)
        if tab.locator(".inbox-piece a").count() and 5 < tab.locator(".inbox-message").count() < 12:
            break
    take(tab, "conversation")


def page_in_sync(tab: Tab) -> None:
    tab.goto("/admin/")
    tab.get_by_role("link", name="Demo Shop").click()
    tab.get_by_role("button", name="Everything again").click()
    tab.wait_for_function("document.querySelector('progress')?.position > 0.4")
    take(tab, "sync")
    tab.wait_for_selector("[data-status^=complete]", timeout=120_000)


def run_of_it(tab: Tab) -> None:
    tab.set_viewport_size({"width": 1280, "height": 1100})
    tab.goto("/admin/conversations/syncrun/")
    tab.locator("#result_list th a").first.click()
    take(tab, "run")


def start_page(tab: Tab) -> None:
    tab.set_viewport_size({"width": 1280, "height": 1500})
    tab.goto("/admin/")
    take(tab, "start")


def take(tab: Tab, name: str) -> None:
    tab.evaluate("document.fonts.ready")
    tab.screenshot(path=PICTURES / f"{name}.png", animations="disabled")


if __name__ == "__main__":
    main()
