"""Turns times, statuses, sync results and tags into the text and the HTML that the admin shows.

`static/conversations/formatting.js` does the same in the browser for a run that is still going on.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.utils import display_for_label

from conversations.models import Conversation, Page, SyncRun, Thread
from conversations.models.run_counters import LABELS
from conversations.sync.progress import TERMINAL_STATUSES, SyncProgress
from tags.colors import ink_on
from tags.models import Tag

WEEKDAY_SPAN = timedelta(days=6)  # for times within this span the name of the weekday is enough

CONVERSATION_STATUS_LABELS: dict[str, str | Promise] = {
    Conversation.Status.ACTIVE: _("Open"),
    Conversation.Status.DONE: _("Done"),
}
SEARCH_PLACES: dict[str, str | Promise] = {
    "messages": _("All messages"),
    "names": _("Names"),
    "all": _("Names and all messages"),
}
PAGE_STATE_LABELS: dict[str, str | Promise] = {
    Page.State.CONNECTED: _("Connected"),
    Page.State.RECONNECT: _("Reconnect needed"),
}
THREAD_STATE_LABELS: dict[str, str | Promise] = {
    Thread.State.STORED: _("Stored"),
    Thread.State.MERGED: _("Duplicate"),
    Thread.State.UNREADABLE: _("Unreadable"),
    Thread.State.OWED: _("Pending"),
}


def badge(text: str | Promise, color: str | None) -> SafeString | str | Promise:
    """Return the text as a badge in its color. What is normal has none, so that what deviates is seen."""
    return display_for_label(str(text), "", {str(text): color}) if color else text


def live_part(name: str, content: object) -> SafeString:
    """Return a part of an open page that static/conversations/changes.js replaces when it has changed."""
    return format_html('<div data-live="{}">{}</div>', name, content)


# -- times -------------------------------------------------------------------------------------------------
def short_time(moment: datetime | None, *, seconds: bool = False) -> SafeString | None:
    """Return day and time in the current time zone, with the year unless it is this one.

    Return None where there is no time.
    """
    if moment is None:
        return None
    local = timezone.localtime(moment)
    day = "j M" if local.year == timezone.localdate().year else "j M Y"
    text = date_format(local, f"{day}, H:i:s" if seconds else f"{day}, H:i")
    return format_html('<span class="inbox-nowrap">{}</span>', text)


def time_ago(moment: datetime | None, now: datetime | None = None) -> SafeString | None:
    """Return a `<time>` element in the current time zone with a relative time and the exact one as its title.

    Return None where there is no time.
    """
    if moment is None:
        return None
    local = timezone.localtime(moment)
    exact = f"{date_format(local, 'l, j F Y, H:i:s')} {local:%Z}"
    template = '<time class="inbox-nowrap" datetime="{}" title="{}">{}</time>'
    return format_html(template, local.isoformat(), exact, relative_time(local, timezone.localtime(now)))


def relative_time(local: datetime, now: datetime) -> str:
    """Return `local` as seen from `now`; both are in one time zone."""
    minutes = (now - local) // timedelta(minutes=1)
    days = (now.date() - local.date()).days
    if 0 <= minutes < 60:
        return gettext("%(minutes)s min ago") % {"minutes": minutes} if minutes else gettext("just now")
    if days == 0 and minutes >= 0:
        return gettext("%(hours)s h ago") % {"hours": minutes // 60}
    if days == 1:
        return gettext("yesterday %(time)s") % {"time": f"{local:%H:%M}"}
    if timedelta() < now - local < WEEKDAY_SPAN:
        return date_format(local, "D H:i")
    return date_format(local, "j M, H:i" if local.year == now.year else "j M Y, H:i")


# -- runs and conversations --------------------------------------------------------------------------------
def describe_status(status: str) -> str:
    """Return the label of a run's status."""
    return str(SyncRun.Status(status).label) if status else ""


def describe_result(state: SyncProgress | None) -> str:
    """Return what a finished run has stored; an empty text before its end."""
    if state is None or state.status not in TERMINAL_STATUSES:
        return ""
    done = state.done
    numbers = {name: getattr(state, name) for name in ("inserted", "updated", "skipped")}
    parts = [count_conversations(done)]
    parts += [f"{number:,} {LABELS[name]}" for name, number in numbers.items() if number]
    if done:
        return ", ".join(parts)
    return gettext("No changes.") if state.status == SyncRun.Status.COMPLETE else ""


def count_conversations(number: int) -> str:
    return ngettext("%(number)s conversation", "%(number)s conversations", number) % {"number": f"{number:,}"}


# -- tags --------------------------------------------------------------------------------------------------
def chip(tag: Tag) -> SafeString:
    """Return the tag in its color, with text in black or white, whichever is readable on it."""
    template = '<span class="inbox-chip" style="--tag: {}; --ink: {}">{}</span>'
    return format_html(template, tag.color, ink_on(tag.color), tag.name)


def chips(tags: Iterable[Tag]) -> SafeString:
    return format_html_join(" ", "{}", ((chip(tag),) for tag in tags))
