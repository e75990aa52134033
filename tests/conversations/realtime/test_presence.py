"""What one process remembers of who has which conversation open."""

import json

from conversations.realtime import presence
from conversations.realtime.presence import EXPIRY_SECONDS, MAX_TABS, Presence


def heard(user: int, tab: str = "a", conversation: int = 1, *, is_open: bool = True) -> str:
    return json.dumps(
        {"page": 1, "conversation": conversation, "user": user, "name": f"user {user}", "tab": tab}
        | {"open": is_open}
    )


def names(known: Presence, conversation: int = 1) -> list[str]:
    return [person["name"] for person in known.people(conversation)]


def test_tab_is_forgotten_when_it_is_silent():
    now = 0.0
    known = Presence(clock=lambda: now)
    known.handle(heard(2))
    known.handle(heard(1))
    now = EXPIRY_SECONDS - 1
    known.handle(heard(1))
    known.forget_expired()
    assert names(known) == ["user 1", "user 2"]
    now = EXPIRY_SECONDS + 1
    known.forget_expired()
    assert names(known) == ["user 1"]


def test_only_changes_are_told():
    told: list[dict] = []
    known = Presence(send=lambda page_id, kind, event: told.append(event))
    known.handle(heard(1))
    known.handle(heard(1))
    assert len(told) == 1
    known.handle(heard(1, conversation=2))
    assert sorted((event["conversationId"], len(event["people"])) for event in told[1:]) == [(1, 0), (2, 1)]
    known.handle(heard(1, is_open=False))
    known.handle(heard(1, is_open=False))
    assert len(told) == 4


def test_tabs_are_bounded_by_user_and_in_all(monkeypatch):
    known = Presence()
    for number in range(MAX_TABS + 1):
        known.handle(heard(1, str(number), conversation=number))
    assert names(known, 0) == []
    assert names(known, 1) == names(known, MAX_TABS) == ["user 1"]
    monkeypatch.setattr(presence, "MAX_ALL_TABS", MAX_TABS)
    known.handle(heard(2, conversation=99))
    assert names(known, 1) == []
    assert names(known, 99) == ["user 2"]
