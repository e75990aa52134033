"""What may not happen in a tab: an error, a warning, a refusal, a call to another host.

What a page does against its Content-Security-Policy is an error in the console, and so is among them.
"""

from playwright.sync_api import Page as Tab


def watch(tab: Tab, home: str, wrong: list[str]) -> None:
    """Writes down whatever goes wrong in this tab from now on. `home`: the address of the site."""
    tab.on("pageerror", lambda error: wrong.append(f"error: {error}"))
    tab.on("console", lambda said: wrong.append(said.text) if said.type in ("error", "warning") else None)
    tab.on("request", lambda sent: None if sent.url.startswith((home, "data:")) else wrong.append(sent.url))
    tab.on("response", lambda got: wrong.append(f"{got.status} {got.url}") if got.status >= 400 else None)
