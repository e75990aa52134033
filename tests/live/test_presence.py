"""Who else has a conversation open: through several processes, only for those who may see it."""

import requests

from tests.factories import ConversationFactory, PageFactory, SyncRunFactory, member, new_key

ONE, OTHER = "1" * 32, "2" * 32


def test_people_see_who_else_has_a_conversation_open(start_web, page, open_stream):
    first, second = start_web(EMBEDDED_WORKER="0"), start_web(EMBEDDED_WORKER="0")
    row, next_row = ConversationFactory.create_batch(2, page=page)
    elsewhere = PageFactory()
    SyncRunFactory(page=page), SyncRunFactory(page=elsewhere)
    anna, ben, stranger = member(page, "tagger"), member(page, "viewer"), member(elsewhere, "manager")
    keys = {user: {"Authorization": f"Token {new_key(user)}"} for user in (anna, ben, stranger)}
    stream = open_stream("GET", f"{second.url}/api/events", keys[ben])
    theirs = open_stream("GET", f"{second.url}/api/events", keys[stranger])
    for opened in (stream, theirs):
        opened.wait_for(lambda state: "run" in state)  # it is open

    def ask(method: str, web, user, conversation, tab: str = ONE) -> requests.Response:
        address = f"{web.url}/api/conversations/{conversation.pk}/presence/{tab}"
        return requests.request(method, address, headers=keys[user], timeout=60)

    def wait_for(conversation, *people) -> None:
        shown = [{"id": user.pk, "name": user.username} for user in people]
        expected = {"pageId": page.pk, "conversationId": conversation.pk, "people": shown}
        stream.wait_for_presence(lambda event: event == expected)

    assert ask("PUT", first, anna, row).json() == {"people": []}
    wait_for(row, anna)
    known = ask("PUT", second, ben, row).json()  # by another process
    assert known == {"people": [{"id": anna.pk, "name": anna.username}]}
    wait_for(row, *sorted((anna, ben), key=lambda user: user.username))
    ask("PUT", first, anna, next_row)  # in the same tab
    wait_for(next_row, anna)
    wait_for(row, ben)
    ask("PUT", first, anna, next_row, OTHER)
    assert ask("DELETE", first, anna, next_row).status_code == 204
    assert ask("DELETE", second, anna, next_row, OTHER).status_code == 204
    wait_for(next_row)
    assert ask("PUT", first, stranger, row).status_code == 404
    assert ask("DELETE", first, stranger, row).status_code == 404
    assert theirs.presences == []
