"""One conversation: its messages as a talk, its tags, its history."""

import re

import pytest

from conversations.admin import messages
from conversations.models import ConversationTag, InteractionEvent
from conversations.sandbox import media
from conversations.tagging import tag_conversations
from tests.factories import NOON, ConversationFactory, EventFactory, TagFactory


@pytest.fixture
def talk(page):
    return ConversationFactory(page=page, sender_name="Ana")


def address(row, *rest) -> str:
    return "/".join(["/admin/conversations/conversation", str(row.pk), *rest, ""])


def text_of(client, row, **query) -> str:
    answer = client.get(address(row, "change"), query)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_sides_senders_and_times(talk, root):
    EventFactory(conversation=talk, kind="message_received", text="Is it blue?", occurred_at=NOON)
    EventFactory(conversation=talk, kind="message_sent", text="Yes")
    EventFactory(conversation=talk, kind="message_unknown", text="Hm")
    text = text_of(root, talk)
    assert re.search(r'inbox-left"> <p class="inbox-quiet">Ana · <time .{0,40}>12:00.*Is it blue\?', text)
    assert re.search(r'inbox-right"> <p class="inbox-quiet">Demo Shop.*Yes', text)
    assert re.search(r'inbox-middle"> <p class="inbox-quiet">Unknown sender.*Hm', text)
    assert text.index("Is it blue?") < text.index(">Yes<") < text.index(">Hm<")


@pytest.mark.parametrize(
    ("maker", "kind", "name"),
    [
        (media.image, "Image", "image-7"),
        (media.gif, "Image", "gif-7"),
        (media.video, "Video", "video-7.mp4"),
        (media.audio, "Audio", "audioclip-7.mp4"),
        (media.file, "File", "invoice-7.pdf"),
        (media.template, "Card", "Your order is on its way"),
        (media.blocked, "Attachment", "not available because of privacy rules"),
        (media.sticker, "Sticker", "open at Facebook"),
        (media.share, "Link", "Stoneware mug"),
        (media.story, "Story", "open at Facebook"),
        (media.unsupported, "does not hand out", ""),
    ],
)
def test_attachments_are_named_and_never_loaded(talk, root, maker, kind, name):
    fields = maker(7)
    EventFactory(conversation=talk, text="", attachments=fields.pop("attachments", []), data=fields)
    text = text_of(root, talk)
    talked = text[text.index("inbox-talk") : text.index("inbox-aside")]
    assert kind in talked
    assert name in talked
    assert "<img" not in talked
    for link in re.findall(r'<a href="http[^>]*>', talked):
        assert 'rel="noopener noreferrer nofollow"' in link


ODD = ["javascript:alert(1)", "data:text/html,x", "http://[", 7, None, {"a": 1}, "//x.example/y"]


@pytest.mark.parametrize("odd", ODD)
def test_only_addresses_of_the_web_become_links(odd):
    event = InteractionEvent(
        kind="message_received",
        attachments=[{"file_url": odd}, {"image_data": {"url": odd}}, {"image_data": odd}, odd],
        data={"sticker": odd, "shares": {"data": [{"link": odd}]}, "story": odd, "reactions": odd},
    )
    assert all(piece.address == "" for piece in messages.pieces_of(event))


def test_everything_from_facebook_is_text(page, root):
    evil = "<script>alert(1)</script>\"'"
    row = ConversationFactory(page=page, sender_name=evil, sender_id=evil, last_message=evil)
    EventFactory(
        conversation=row,
        text=evil,
        attachments=[{"name": evil, "file_url": f"https://x.example/{evil}"}],
        data={"shares": [{"link": "https://x.example/", "name": evil}], "reactions": [{"reaction": evil}]},
    )
    text = text_of(root, row)
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text


def test_the_newest_hundred_and_a_way_back(talk, root, django_assert_num_queries):
    for number in range(250):
        EventFactory(conversation=talk, text=f"no. {number:03}", occurred_at=NOON)
    seen: list[str] = []
    before = ""
    while True:
        # The session, the user, the Pages, those lost, the conversation, its tags, messages, history, tags.
        with django_assert_num_queries(9 + bool(before)):
            text = text_of(root, talk, **({"before": before} if before else {}))
        seen = re.findall(r"no\. (\d+)", text[text.index("inbox-talk") :]) + seen
        link = re.search(r'href="\?before=(\d+)"', text)
        if not link:
            break
        before = link[1]
    assert seen == [f"{number:03}" for number in range(250)]


def test_before_something_that_is_not_there_is_nothing(talk, root):
    other = EventFactory()
    EventFactory(conversation=talk, text="here")
    assert "No messages before this" in text_of(root, talk, before=other.pk)


def test_taggers_add_and_remove_tags_and_the_history_tells(talk, staff):
    vip = TagFactory(name="VIP")
    client = staff("tagger")
    assert client.post(address(talk, "tags"), {"add": vip.pk})["Location"] == address(talk, "change")
    assert [row.tag for row in talk.tag_rows.all()] == [vip]
    client.post(address(talk, "status"), {"status": "done"})
    client.post(address(talk, "tags"), {"remove": vip.pk})
    assert not ConversationTag.objects.exists()
    text = text_of(client, talk)
    history = text[text.index("inbox-history") :]
    for words in ("Tagged <b>VIP</b>", "Removed <b>VIP</b>", "Status <b>active</b> → <b>done</b>"):
        assert words in history
    assert history.count(client.user.username) == 3


def test_viewers_only_read(talk, staff):
    vip = TagFactory(name="VIP")
    tag_conversations([talk.pk], [vip], actor=None)
    client = staff("viewer")
    text = text_of(client, talk)
    aside = text[text.index("inbox-aside") : text.index("</aside>")]
    assert "VIP" in aside
    assert "<button" not in aside
    assert client.post(address(talk, "tags"), {"remove": vip.pk}).status_code == 403
    assert client.post(address(talk, "status"), {"status": "done"}).status_code == 403
    assert talk.tag_rows.exists()


def test_strangers_find_nothing(staff):
    row = ConversationFactory()
    client = staff("manager")
    assert client.get(address(row, "change")).status_code == 404
    assert client.post(address(row, "tags"), {"add": 1}).status_code == 404
    assert client.post(address(row, "status"), {"status": "done"}).status_code == 404


def test_an_unknown_status_or_tag_changes_nothing(talk, root):
    root.post(address(talk, "status"), {"status": "gone"})
    root.post(address(talk, "tags"), {"add": "x", "remove": "999999"})
    assert not InteractionEvent.objects.exists()
    assert root.get(address(talk, "tags")).status_code == 405
