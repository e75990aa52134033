"""Files with odd JSON, and odd messages in them."""

import json

import pytest

from conversations.imports.archives.repair import Repairer
from conversations.imports.archives.thread_json import NoJson, read_content, read_head, time_of
from tests.conversations.imports.archives import made
from tests.conversations.imports.archives.made import START, message, thread

GOOD = made.as_json(thread([message("Bo", 0, "x")], ("Bo",)))


@pytest.mark.parametrize(
    "content",
    [
        GOOD,
        b"\xef\xbb\xbf" + GOOD,
        GOOD.replace(b'"x"', rb'"x\ud83d"'),
        GOOD.replace(b'"x"', b'"x", "a": NaN, "b": Infinity'),
        GOOD.replace(b'"x"', b'"x", "a": ' + b"9" * 5000),
        GOOD.replace(b"\n", b"\r\n"),
    ],
)
def test_odd_json_is_read(content):
    head, found = read_head(content, Repairer()), read_content(content, Repairer())
    assert head == found.head
    assert head.participants == ["Bo"]
    assert found.repair(found.messages[0]["content"])[0] == "x"


@pytest.mark.parametrize("content", [b"", GOOD[:-5], b"nonsense", b"\xff\xfe{}", b"[" * 100_000])
def test_what_is_no_json_is_refused(content):
    for read in (read_head, read_content):
        with pytest.raises(NoJson):
            read(content, Repairer())


@pytest.mark.parametrize("value", [[], {}, 7, {"participants": []}, {"participants": {}, "messages": []}])
def test_what_is_no_thread_is_none(value):
    assert read_head(json.dumps(value).encode(), Repairer()) is None


@pytest.mark.parametrize(
    ("fields", "time"),
    [
        ({"timestamp_ms": START}, START),
        ({"timestamp_ms": str(START)}, START),
        ({"timestamp_ms": float(START)}, START),
        ({"timestamp": START // 1000}, START // 1000 * 1000),  # of 2018
        ({"timestamp_ms": "soon"}, None),
        ({"timestamp_ms": None}, None),
        ({"timestamp_ms": True}, None),
        ({"timestamp_ms": 10**30}, None),
        ({"timestamp_ms": -1}, None),
        ({"timestamp_ms": "9" * 5000}, None),
        ({}, None),
    ],
)
def test_times(fields, time):
    assert time_of(fields) == time
