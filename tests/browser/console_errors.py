"""Collects what must not happen in a tab: errors, warnings, failed responses, requests to other hosts.

Violations of the Content-Security-Policy are errors in the console, so they are collected, too.
"""

from playwright.sync_api import ConsoleMessage, Request, Response
from playwright.sync_api import Page as Tab


def watch(tab: Tab, home: str, errors: list[str]) -> None:
    """Append every problem in this tab to `errors` from now on. `home` is the URL of the site."""

    def on_console(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            errors.append(message.text)

    def on_request(request: Request) -> None:
        if not request.url.startswith((home, "data:")):
            errors.append(request.url)

    def on_response(response: Response) -> None:
        if response.status >= 400:
            errors.append(f"{response.status} {response.url}")

    tab.on("pageerror", lambda error: errors.append(f"error: {error}"))
    tab.on("console", on_console)
    tab.on("request", on_request)
    tab.on("response", on_response)
