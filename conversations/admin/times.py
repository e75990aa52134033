"""Times as one says them; the exact one shows on hover and is there for programs."""

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString

WEEK = timedelta(days=6)


def time_ago(moment: datetime | None, now: datetime | None = None) -> SafeString | None:
    """A `<time>` element, in TIME_ZONE; None where there is no time."""
    if moment is None:
        return None
    local = timezone.localtime(moment)
    exact = f"{date_format(local, 'l, j F Y, H:i:s')} {local:%Z}"
    template = '<time class="inbox-nowrap" datetime="{}" title="{}">{}</time>'
    return format_html(template, local.isoformat(), exact, words_for(local, timezone.localtime(now)))


def words_for(local: datetime, now: datetime) -> str:
    """Of two times of TIME_ZONE."""
    minutes = (now - local) // timedelta(minutes=1)
    days = (now.date() - local.date()).days
    if 0 <= minutes < 60:
        return f"{minutes} min ago" if minutes else "just now"
    if days == 0 and minutes >= 0:
        return f"{minutes // 60} h ago"
    if days == 1:
        return f"yesterday {local:%H:%M}"
    if timedelta() < now - local < WEEK:
        return date_format(local, "D H:i")
    return date_format(local, "j M, H:i" if local.year == now.year else "j M Y, H:i")
