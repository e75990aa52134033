"""A ledger as it is shown: numbers that lead to the threads behind them."""

from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from conversations.models import Page, Thread


def ledger_shown(page: Page, ledger: dict) -> SafeString | None:
    """Nothing where there is none yet."""
    if not ledger:
        return None
    accounts = ledger.get("platforms") or {"": ledger}
    lines = ((_line(page, platform, account),) for platform, account in accounts.items())
    return format_html('<div class="inbox-ledger">{}</div>', format_html_join("", "<p>{}</p>", lines))


def _line(page: Page, platform: str, account: dict) -> SafeString:
    threads, messages = account["threads"], account["messages"]
    states = format_html_join(
        ", ", "{}", ((_link(page, platform, state, threads[state]),) for state in Thread.State.values)
    )
    return format_html(
        "{}Facebook lists {} thread{}: {}. Of about {} messages {} are held, {} cannot be read.",
        f"{platform.capitalize()}: " if platform else "",
        f"{threads['listed']:,}",
        "" if threads["listed"] == 1 else "s",
        states,
        *(f"{messages[name]:,}" for name in ("listed", "held", "unreadable")),
    )


def _link(page: Page, platform: str, state: str, number: int) -> SafeString:
    query = {"page": page.pk, "state__exact": state} | ({"platform__exact": platform} if platform else {})
    address = reverse("admin:conversations_thread_changelist", query=query)
    return format_html('<a href="{}" class="inbox-link">{} {}</a>', address, f"{number:,}", state)
