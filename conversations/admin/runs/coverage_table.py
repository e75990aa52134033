"""Shows the coverage report of a run or a Page; its numbers link to the threads that they count."""

from datetime import datetime
from itertools import chain

from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext

from conversations.admin.formatting import THREAD_STATE_LABELS, short_time
from conversations.models import Page, Thread
from conversations.sync.coverage import describe_archives, describe_files, describe_gaps, describe_lists


def coverage_table(page: Page, coverage: dict, as_of: datetime | None) -> SafeString | None:
    """Return one line for each platform, and as of when it is; None where there is no report yet."""
    if not coverage:
        return None
    reports = coverage.get("platforms") or {"": coverage}
    lines = ((_line(page, platform, report),) for platform, report in reports.items())
    notes = [*describe_lists(coverage), *describe_gaps(coverage), *describe_archives(coverage)]
    notes += describe_files(coverage)
    texts = ((f"{text}.",) for text in notes)
    times = ((format_html(gettext("As of {}:"), short_time(as_of)),),) if as_of else ()
    parts = format_html_join("", "<p>{}</p>", chain(times, lines, texts))
    return format_html('<div class="inbox-coverage">{}</div>', parts)


def _line(page: Page, platform: str, report: dict) -> SafeString:
    threads, messages = report["threads"], report["messages"]
    states = format_html_join(
        ", ", "{}", ((_link(page, platform, state, threads[state]),) for state in Thread.State.values)
    )
    return format_html(
        ngettext(
            "{}Facebook lists {} thread: {}. Of about {} messages, {} are stored and {} are unreadable.",
            "{}Facebook lists {} threads: {}. Of about {} messages, {} are stored and {} are unreadable.",
            threads["listed"],
        ),
        f"{platform.capitalize()}: " if platform else "",
        f"{threads['listed']:,}",
        states,
        *(f"{messages[name]:,}" for name in ("listed", "held", "unreadable")),
    )


def _link(page: Page, platform: str, state: str, number: int) -> SafeString:
    query = {"page": page.pk, "state__exact": state} | ({"platform__exact": platform} if platform else {})
    url = reverse("admin:conversations_thread_changelist", query=query)
    label = str(THREAD_STATE_LABELS[Thread.State(state)]).lower()
    return format_html('<a href="{}" class="inbox-link">{} {}</a>', url, f"{number:,}", label)
