"""Changes by staff in any process are sent on the event stream."""

import requests

from tests.factories import ConversationFactory, SyncRunFactory, TagFactory


def test_changes_of_tags_and_status_are_sent_to_users_of_the_page(start_web, page, key, open_stream):
    one, other = start_web(EMBEDDED_WORKER="0"), start_web(EMBEDDED_WORKER="0")
    conversation, tag = ConversationFactory(page=page), TagFactory()
    SyncRunFactory(page=page)
    stream = open_stream("GET", f"{other.url}/api/events", key)
    stream.wait_for(lambda state: "run" in state)  # it is open
    route = f"{one.url}/api/conversations/{conversation.pk}"
    requests.patch(route, headers=key, json={"conversation_status": "done"}, timeout=60)
    assert stream.wait_for(lambda state: "pageId" in state) == {"pageId": page.pk}
    assert "event: changed" in stream.text
    before = len(stream.states)
    requests.post(f"{route}/tags", headers=key, json={"tagIds": [tag.pk]}, timeout=60)
    stream.wait_for(lambda _: len(stream.states) > before)
    before = len(stream.states)
    requests.post(f"{route}/tags", headers=key, json={"tagIds": [tag.pk]}, timeout=60)  # it is there already
    requests.put(f"{route}/tags", headers=key, json={"tagIds": []}, timeout=60)
    stream.wait_for(lambda _: len(stream.states) > before)
    assert len(stream.states) == before + 1
