"""What is kept of the old rows, one by one."""

from collections import Counter

import pytest

from conversations.imports.legacy import shaping
from conversations.imports.legacy.tag_groups import TagList


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2025-11-10 07:59:58+00", "2025-11-10 07:59:58+00"),
        ("2025-11-10 07:59:58.1+05:30", "2025-11-10 07:59:58.1+05:30"),
        ("2025-11-10 07:59:58+22", "2025-11-09T09:59:58+00:00"),
        ("2025-W46-1", "2025-11-10T00:00:00+00:00"),
        ("0001-01-01 00:00:00+20", None),
        ("2025-11-10 07:59:58", "2025-11-10T07:59:58+00:00"),
        ("infinity", None),
        ("0044-03-15 00:00:00+00 BC", None),
        ("2025-13-40", None),
        ("", None),
        (None, None),
    ],
)
def test_times(text, time):
    assert shaping.as_time(text) == time


@pytest.mark.parametrize(
    ("sender_id", "page_key", "problem"),
    [
        ("6100000000000001", "900", None),
        ("TEST_BROWSE_001", "900", "self_test"),
        ("concurrent_test_1", "900", "self_test"),
        ("6100000000000001", "test_1762700000000", "self_test"),
        ("someone@example.org", "900", "stranger"),
        ("٦١", "900", "stranger"),
        ("", "900", "stranger"),
    ],
)
def test_people(sender_id, page_key, problem):
    assert shaping.problem_of(sender_id, page_key) == problem


@pytest.mark.parametrize(
    ("metadata", "reason"),
    [
        ('{"message_id": "m_1", "seeded": true}', None),
        ('{"source": "initial_sync"}', "no_message_id"),
        ('{"message_id": " "}', "empty_message_id"),
        ('{"message_id": 7}', "wrong_message_id"),
        ('{"message_id": "m_\\u0000"}', "wrong_message_id"),
        (f'{{"message_id": "{"m" * 501}"}}', "wrong_message_id"),
        ('{"seeded": true}', "seeded"),
        ('{"test": true, "message_id": ""}', "test"),
        ('{"source": "sync_fallback"}', "fallback"),
        ("null", "no_metadata"),
        (None, "no_metadata"),
        ('{"message_id": "m_1", "cut', "unreadable_metadata"),
        ("[]", "unreadable_metadata"),
    ],
)
def test_only_an_event_with_the_id_of_a_message_is_true(metadata, reason):
    dropped: Counter[tuple[str, str]] = Counter()
    row = ("e1", "c1", "message_sent", "2025-11-10 07:59:58+00", "t", metadata)
    staged = shaping.event(row, dropped)
    assert (staged is None) == (reason is not None)
    assert list(dropped) == ([("message_sent", reason)] if reason else [])


def test_kinds_of_events_are_counted_under_known_names():
    dropped: Counter[tuple[str, str]] = Counter()
    shaping.event(("e1", "c1", "x" * 1000, "never", None, '{"message_id": "m_1"}'), dropped)
    assert dropped == {("other", "no_time"): 1}


def test_tags_of_the_same_name_become_one_with_the_first_valid_color():
    tags = TagList()
    for number, (name, color) in enumerate(
        [
            ("VIP", "orange"),
            (" vip ", "#8B5CF6"),
            ("Vip", "#EF4444"),
            ("\u200b", "#EF4444"),
            ("a\nb", "red"),
            ("", ""),
        ]
    ):
        tags.add_tag((f"t{number}", name, color, f"2025-11-0{number + 1} 00:00:00+00"))
    tags.add_stage(("s1", "Won", "#3b82f6", None))
    found = [(group.name, group.color, group.keys) for group in tags.groups()]
    assert found == [
        ("VIP", "#8B5CF6", ["t0", "t1", "t2"]),
        ("a b", "", ["t4"]),
        ("blocked", "", ["blocked"]),
        ("Stage: Won", "#3b82f6", ["stage:s1"]),
    ]
    assert tags.unnamed == {"t3", "t5"}
