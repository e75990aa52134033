"""The cursors of lists: time and ID of a row, as text that needs no escaping in a URL."""

import base64
from datetime import UTC, datetime

from django.utils.translation import gettext
from rest_framework.exceptions import ValidationError

from conversations.search.conditions import Keyset
from conversations.search.parsing import MAX_ID, parse_number

NO_TIME = "-"  # for a row without a time


def encode_cursor(time: datetime | None, row_id: int) -> str:
    text = f"{time.isoformat() if time else NO_TIME} {row_id}"
    return base64.urlsafe_b64encode(text.encode()).decode()


def decode_cursor(cursor: str) -> Keyset:
    """Return time and ID of a cursor. Raises ValidationError."""
    try:
        text = base64.b64decode(cursor, altchars=b"-_", validate=True).decode()
        moment, _, digits = text.partition(" ")
        time = datetime.fromisoformat(moment).astimezone(UTC) if moment != NO_TIME else None
        return time, _valid_id(int(digits))
    except (ValueError, OverflowError):
        raise invalid_cursor() from None


def decode_time_and_id(cursor: str) -> tuple[datetime, int]:
    """Decode a cursor of a list in which each row has a time."""
    time, row_id = decode_cursor(cursor)
    if time is None:
        raise invalid_cursor()
    return time, row_id


def decode_id(cursor: str) -> tuple[int]:
    """Decode a cursor of a list that is ordered by ID alone; in older links it is the plain ID."""
    try:
        if (number := parse_number(cursor)) is not None:
            return (_valid_id(number),)
    except ValueError:
        raise invalid_cursor() from None
    time, row_id = decode_cursor(cursor)
    if time is not None:
        raise invalid_cursor()
    return (row_id,)


def invalid_cursor() -> ValidationError:
    return ValidationError({"cursor": [gettext("Invalid cursor.")]})


def _valid_id(number: int) -> int:
    if not 0 < number <= MAX_ID:
        raise ValueError
    return number
