from datetime import UTC, date
from zoneinfo import ZoneInfo

import pytest

from conversations.lib.days import first_moment, last_moment, parse_bound, parse_zone


@pytest.mark.parametrize(
    ("zone", "day", "first", "last"),
    [
        ("Europe/Berlin", "2024-05-17", "2024-05-16T22:00:00", "2024-05-17T21:59:59"),
        ("Europe/Berlin", "2024-03-31", "2024-03-30T23:00:00", "2024-03-31T21:59:59"),  # 23 hours
        ("Europe/Berlin", "2024-10-27", "2024-10-26T22:00:00", "2024-10-27T22:59:59"),  # 25 hours
        ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00", "2018-11-05T01:59:59"),  # begins at 01:00
        ("America/Havana", "2024-11-03", "2024-11-03T04:00:00", "2024-11-04T04:59:59"),  # 00:30 twice
        ("America/Sao_Paulo", "2018-02-17", "2018-02-17T02:00:00", "2018-02-18T02:59:59"),  # 23:30 twice
        ("America/Toronto", "1919-03-30", "1919-03-30T05:00:00", "1919-03-31T04:29:59"),  # ends at 23:30
        ("America/Toronto", "1919-03-31", "1919-03-31T04:30:00", "1919-04-01T03:59:59"),  # begins at 00:30
        ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00", "2011-12-30T09:59:59"),  # never was
        ("Asia/Kathmandu", "2024-05-17", "2024-05-16T18:15:00", "2024-05-17T18:14:59"),
    ],
)
def test_days_begin_and_end_by_the_clocks_of_their_zone(zone, day, first, last):
    edges = [edge(date.fromisoformat(day), ZoneInfo(zone)) for edge in (first_moment, last_moment)]
    shown = [moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S") for moment in edges]
    assert shown == [first, last]


@pytest.mark.parametrize(
    "text",
    [
        "2024-W05", "2024-W05-1", "2024W051", "2024-123", "2024123", "20240501", "20240501T10:00",
        "2024-05-01T1000", "2024-05-01T10", "2024-W05-1T10:00", "2024-05", "2024", "24-05-01", "2024-5-1",
        "\u0662\u0660\u0662\u0664-05-01", "2024-05-01x10:00", "2024-05-01T", "2024-02-30", "2024-05-01T25:00",
        "--05-01", "now", "1714521600", "2024-05-01T10:00+1", "2024-05-01/2024-05-02", "P1D",
    ],
)  # fmt: skip
def test_odd_forms_are_refused(text):
    with pytest.raises(ValueError):  # noqa: PT011 - the caller says what is wrong
        parse_bound(text, UTC, end=False)


@pytest.mark.parametrize("name", ["UTC", "Asia/Calcutta", "America/Argentina/Ushuaia", "Etc/GMT+5"])
def test_zones_have_iana_names(name):
    assert parse_zone(name).key == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Mars/Base",
        "Europe",
        "../UTC",
        "/etc/localtime",
        "right/UTC",
        "localtime",
        "+02:00",
        "leapseconds",
        "a" * 300,
    ],
)
def test_other_names_are_refused(name):
    with pytest.raises(ValueError, match="Europe/Berlin"):
        parse_zone(name)
