"""Changes by staff in any process are sent on the event stream: tags, statuses, views, deleted people."""

import requests

from tests.factories import (
    ConversationFactory,
    PageFactory,
    SyncRunFactory,
    TagFactory,
    member,
    new_key,
)


def row_of(route: str, key: dict[str, str]) -> dict:
    """The conversation as lists have it: they do not compute until when it can be answered."""
    shown = requests.get(route, headers=key, timeout=60).json()["conversation"]
    return {name: value for name, value in shown.items() if name != "reply"}


def test_changes_are_sent_to_users_of_the_page(start_web, page, key, open_stream):
    one, other = start_web(EMBEDDED_WORKER="0"), start_web(EMBEDDED_WORKER="0")
    conversation, tag = ConversationFactory(page=page), TagFactory()
    SyncRunFactory(page=page)
    elsewhere = SyncRunFactory(page=PageFactory()).page
    stranger = {"Authorization": f"Token {new_key(member(elsewhere, 'manager'))}"}
    stream = open_stream("GET", f"{other.url}/api/events?facebookPageId={page.facebook_page_id}", key)
    theirs = open_stream("GET", f"{other.url}/api/events", stranger)
    for opened in (stream, theirs):
        opened.wait_for(lambda state: "run" in state)  # it is open
    route = f"{one.url}/api/conversations/{conversation.pk}"
    requests.patch(route, headers=key, json={"conversation_status": "done"}, timeout=60)
    change = stream.wait_for_change(lambda _: True)
    assert (change["pageId"], change["conversationIds"]) == (page.pk, [conversation.pk])
    assert change["unread"] == 0
    assert change["rows"] == [row_of(route, key)]
    assert "event: changed" in stream.text
    before = len(stream.changes)
    requests.post(f"{route}/tags", headers=key, json={"tagIds": [tag.pk]}, timeout=60)
    stream.wait_for_change(lambda _: len(stream.changes) > before)
    before = len(stream.changes)
    requests.post(f"{route}/tags", headers=key, json={"tagIds": [tag.pk]}, timeout=60)  # it is there already
    requests.put(f"{route}/tags", headers=key, json={"tagIds": []}, timeout=60)
    stream.wait_for_change(lambda _: len(stream.changes) > before)
    assert len(stream.changes) == before + 1
    colleague = member(page, "tagger")
    for method, part, body in (
        ("POST", "/unread", {}),
        ("PUT", "/assignee", {"userId": colleague.pk}),
        ("POST", "/notes", {"text": f"@{colleague.username} do you know her?"}),
        ("PATCH", "", {"conversation_status": "active"}),
        ("PATCH", "", {"snoozed_until": "2099-01-01T00:00:00Z"}),
        ("PUT", "/assignee", {"userId": None}),
        ("PATCH", "", {"snoozed_until": None}),
        ("POST", "/read", {}),
    ):
        before = len(stream.changes)
        answer = requests.request(method, route + part, headers=key, json=body, timeout=60)
        assert answer.ok, answer.text
        stream.wait_for_change(lambda _, number=before: len(stream.changes) > number)
        assert stream.changes[-1]["rows"] == [row_of(route, key)]
    anything, deleted = {"conversationIds": None}, {"conversationIds": [conversation.pk], "rows": []}
    changes = [
        ("PUT", f"/api/tags/{tag.pk}", {"name": "Gold"}, 200, anything),
        ("POST", "/api/views", {"name": "Late", "shared": True}, 201, anything),
        ("DELETE", f"/api/conversations/{conversation.pk}", None, 200, deleted),  # the person is forgotten
    ]
    known = 0
    for method, address, body, status, expected in changes:
        before = len(stream.changes)
        answer = requests.request(method, one.url + address, headers=key, json=body, timeout=60)
        assert answer.status_code == status, answer.text
        stream.wait_for_change(lambda _, number=before: len(stream.changes) > number)
        assert stream.changes[-1] == {"pageId": page.pk, "unread": 0} | expected
        if expected == anything:  # else two that follow each other might be told as one
            known += 1
            theirs.wait_for_change(lambda _, number=known: len(theirs.changes) == number)
    left = requests.get(f"{other.url}/api/conversations", headers=key, timeout=60).json()
    assert (left["conversations"], left["pagination"]["total"]) == ([], 0)
    assert {change["pageId"] for change in theirs.changes} == {elsewhere.pk}
    # The names of tags, and a view of all Pages.
    assert [change["conversationIds"] for change in theirs.changes] == [None, None]
