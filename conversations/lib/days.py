"""Days and times as people write them, in a time zone: also on days on which the clocks change.

And from which day on messages are kept (RETENTION_DAYS).
"""

import re
from bisect import bisect_left
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext

DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.,][0-9]+)?)?(Z|[+-][0-9]{2}(:?[0-9]{2})?)?"
)
ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}")
NO_ZONES = re.compile(r"posixrules|localtime|Factory|(posix|right)/.*")  # files of the zone database


def parse_zone(name: str) -> ZoneInfo:
    """Return the time zone with this IANA name. Raises ValueError."""
    if len(name) <= 64 and ZONE.fullmatch(name) and not NO_ZONES.fullmatch(name):
        try:
            return ZoneInfo(name)
        except (KeyError, ValueError, OSError):  # a folder of zones, another file
            pass
    raise ValueError(gettext("It is not the name of a time zone, such as Europe/Berlin or UTC."))


def parse_bound(text: str, zone: tzinfo, *, end: bool) -> datetime:
    """Return the moment of an ISO datetime, or the first (`end`: the last) one of a day. Raises ValueError.

    Other forms of ISO 8601, such as weeks, are refused: who writes 2024-W05 means more than its Monday.
    """
    if DAY.fullmatch(text):
        day = date.fromisoformat(text)
        return last_moment(day, zone) if end else first_moment(day, zone)
    if not MOMENT.fullmatch(text):
        raise ValueError
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=zone) if moment.tzinfo is None else moment.astimezone(UTC)


def first_moment(day: date, zone: tzinfo) -> datetime:
    midnight = datetime.combine(day, time.min, tzinfo=zone)
    return _clock_change(midnight) if _is_skipped(midnight) else midnight


def last_moment(day: date, zone: tzinfo) -> datetime:
    # Where clocks go back at midnight, the day ends at the second 23:59.
    moment = datetime.combine(day, time.max.replace(fold=1), tzinfo=zone)
    return _clock_change(moment) - timedelta.resolution if _is_skipped(moment) else moment


def _is_skipped(moment: datetime) -> bool:
    """Whether clocks never show this time, because they go forward over it."""
    before, after = (moment.replace(fold=fold).utcoffset() or timedelta() for fold in (0, 1))
    return before < after


def _clock_change(moment: datetime) -> datetime:
    """Return when clocks go forward over this time, in UTC."""
    first, last = (moment.replace(fold=fold, microsecond=0).astimezone(UTC) for fold in (1, 0))
    after = moment.replace(fold=1).utcoffset()
    seconds = range(int((last - first).total_seconds()) + 1)
    change = bisect_left(
        seconds,
        True,
        key=lambda second: (first + timedelta(seconds=second)).astimezone(moment.tzinfo).utcoffset() == after,
    )
    return first + timedelta(seconds=change)


def kept_from() -> datetime | None:
    """Return the time before which no message is kept, a midnight in UTC; None: all are kept."""
    if not settings.RETENTION_DAYS:
        return None
    today = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    return today - timedelta(days=settings.RETENTION_DAYS)


def is_kept(time: datetime | None) -> bool:
    """Whether a message of this time is kept. One whose time is unknown is."""
    since = kept_from()
    return since is None or time is None or time >= since
