"""Takes the screenshots of the README from the demo: `make screenshots`.

The customers of the demo write in many scripts. On Debian the fonts are in fonts-noto-core, fonts-noto-cjk
and fonts-noto-color-emoji.
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
SCREENSHOTS = ROOT / "docs" / "screenshots"
PORT = os.environ.get("PORT", "8300")
SITE = f"http://127.0.0.1:{PORT}"
LIST = "/admin/conversations/conversation/"


def main() -> None:
    SCREENSHOTS.mkdir(exist_ok=True)
    with demo() as password, open_chromium() as browser:
        tab = browser.new_page(base_url=SITE, viewport={"width": 1280, "height": 800})
        log_in(tab, password)
        inbox_page(tab)
        conversation_list(tab)
        conversation(tab)
        running_sync(tab)
        sync_run(tab)
        dashboard(tab)


@contextmanager
def demo() -> Iterator[str]:
    """Serve the demo and yield its password."""
    command = [sys.executable, str(ROOT / "manage.py"), "demo"]
    process = subprocess.Popen(command, env=os.environ | {"PORT": PORT}, stdout=subprocess.PIPE, text=True)
    try:
        output = ""
        for line in process.stdout or ():
            output += line
            if line.startswith("Serving"):
                break
        yield re.findall(r"password (\S+)", output)[0]
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()


def log_in(tab: Tab, password: str) -> None:
    tab.goto("/login")
    tab.get_by_label("Username").fill("demo")
    tab.get_by_label("Password").fill(password)
    tab.get_by_role("button", name="Log in").click()


def inbox_page(tab: Tab) -> None:
    """Open a conversation with tags and an attachment whose sender has a name in ASCII."""
    tab.goto("/?include_tags=order,vip,follow-up")
    tab.wait_for_selector("#rows a")
    for _ in range(30):
        tab.keyboard.press("j")
        tab.keyboard.press("Enter")
        tab.wait_for_selector("#events .message")
        head = tab.locator("#conversation-head")
        is_shown = head.inner_text().split("\n")[0].isascii()
        if is_shown and head.locator(".tag").count() > 1 and tab.locator(".attachment").count():
            break
    take(tab, "inbox")


def conversation_list(tab: Tab) -> None:
    tab.goto(f"{LIST}?q=Garcia")
    take(tab, "conversations")


def conversation(tab: Tab) -> None:
    """Open a conversation with tags, an attachment and a few messages."""
    tab.goto(f"{LIST}?tagging=tagged")
    links = tab.locator("#result_list th a")
    urls = [links.nth(number).get_attribute("href") or "" for number in range(links.count())]
    for url in urls:
        tab.goto(url)
        if tab.locator(".inbox-attachment").count() and 5 < tab.locator(".inbox-message").count() < 12:
            break
    take(tab, "conversation")


def running_sync(tab: Tab) -> None:
    tab.goto("/admin/")
    tab.get_by_role("link", name="Demo Shop").click()
    tab.get_by_role("button", name="Full resync").click()
    tab.wait_for_function("document.querySelector('progress')?.position > 0.4")
    take(tab, "sync")
    tab.wait_for_selector("[data-status^=complete]", timeout=120_000)


def sync_run(tab: Tab) -> None:
    tab.set_viewport_size({"width": 1280, "height": 1100})
    tab.goto("/admin/conversations/syncrun/")
    tab.locator("#result_list th a").first.click()
    take(tab, "run")


def dashboard(tab: Tab) -> None:
    tab.set_viewport_size({"width": 1280, "height": 1500})
    tab.goto("/admin/")
    take(tab, "start")


def take(tab: Tab, name: str) -> None:
    tab.evaluate("document.fonts.ready")
    tab.screenshot(path=SCREENSHOTS / f"{name}.png", animations="disabled")


if __name__ == "__main__":
    main()
