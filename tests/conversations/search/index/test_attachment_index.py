"""The kinds of attachments of a conversation follow its messages."""

import pytest
from django.db import connection

from conversations.lib.attachment_kinds import AttachmentKind
from conversations.models import Conversation
from conversations.models.search import MessageIndexQueue
from conversations.search.index.message_index import index_pending
from tests.factories import ConversationFactory, EventFactory, PageFactory, api, member

LIST = "/api/conversations"
IMAGE = {"id": "1", "mime_type": "image/jpeg", "image_data": {"url": "https://cdn.test/a.jpg"}}
FILE = {"id": "2", "mime_type": "application/pdf", "name": "bill.pdf", "file_url": "https://cdn.test/b.pdf"}


@pytest.fixture
def page(db):
    return PageFactory()


@pytest.fixture
def found(page):
    viewer = api(member(page))

    def found(value: str) -> list[str]:
        index_pending()
        answer = viewer.get(LIST, {"has_attachment": value})
        assert answer.status_code == 200, answer.content
        return [row["sender_name"] for row in answer.json()["conversations"]]

    return found


def test_each_kind_is_found_until_it_is_unsent(page, found):
    ana, ben, cleo = (ConversationFactory(page=page, sender_name=name) for name in ("Ana", "Ben", "Cleo"))
    picture = EventFactory(conversation=ana, text="", attachments=[IMAGE, FILE])
    EventFactory(conversation=ben, text="", data={"sticker": "https://cdn.test/s.png"})
    EventFactory(conversation=cleo, text="", data={"shares": {"data": [{"link": "https://shop.test"}]}})
    assert (found("true"), found("false")) == (["Ben", "Ana"], ["Cleo"])
    assert (found("image"), found("file"), found("sticker"), found("video")) == (
        ["Ana"],
        ["Ana"],
        ["Ben"],
        [],
    )
    picture.attachments, picture.data = [], {"deleted": True}
    picture.save()
    assert (found("true"), found("image")) == (["Ben"], [])


def test_rows_tell_kinds_and_who_wrote_last(page):
    row = ConversationFactory(page=page, last_message_kind="message_sent")
    EventFactory(conversation=row, attachments=[FILE, IMAGE])
    index_pending()
    [shown] = api(member(page)).get(LIST).json()["conversations"]
    assert (shown["attachment_kinds"], shown["last_message_from"]) == (["image", "file"], "page")
    Conversation.objects.update(last_message_kind="message_unknown")
    assert api(member(page)).get(f"{LIST}/{row.pk}").json()["conversation"]["last_message_from"] is None


def test_unknown_kind_is_an_error_that_lists_them(page):
    answer = api(member(page)).get(LIST, {"has_attachment": "photo"})
    assert (answer.status_code, answer.json()["field"]) == (400, "has_attachment")
    assert "image, video, audio, file" in answer.json()["error"]


@pytest.mark.django_db(transaction=True)
def test_rows_that_somebody_is_writing_are_left_for_the_next_time(page):
    row = ConversationFactory(page=page)
    EventFactory(conversation=row, attachments=[IMAGE])
    writer = connection.copy()
    try:
        writer.set_autocommit(False)
        with writer.cursor() as cursor:
            cursor.execute("UPDATE conversations_conversation SET unread_count = 5")
        index_pending()
        assert MessageIndexQueue.objects.count() == 1
        writer.commit()
    finally:
        writer.close()
    assert index_pending() == 0
    row.refresh_from_db()
    assert (row.attachment_kinds, row.unread_count) == (AttachmentKind.IMAGE, 5)
