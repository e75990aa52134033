"""One conversation: its messages as a talk, its tags, its history."""

import re
from datetime import timedelta
from urllib.parse import urlencode

import pytest

from conversations.admin.messages import day_in_words, is_picture, time_in_words
from conversations.models import Conversation, ConversationTag, InteractionEvent, Page
from conversations.pieces import pieces_of
from conversations.sandbox import faults, media
from conversations.sync.service import sync_conversations
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
    exactly = 'title="Friday, 17 May 2024, 12:00:00 UTC"'
    assert re.search(
        rf'inbox-left"[^>]*> <p[^>]*><bdi[^>]*>Ana</bdi> <time [^>]*{exactly}>12:00.*Is it blue\?', text
    )
    assert re.search(r'inbox-right"[^>]*> <p[^>]*><bdi[^>]*>Demo Shop.*Yes', text)
    assert re.search(r'inbox-middle"[^>]*> <p[^>]*><bdi[^>]*>Unknown sender.*Hm', text)
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
    for link in re.findall(r"<a href=[^>]*>", talked):
        assert 'target="_blank" rel="noopener noreferrer' in link
    assert "fbcdn" not in talked
    assert "fbsbx" not in talked


ODD = ["javascript:alert(1)", "data:text/html,x", "http://[", 7, None, {"a": 1}, "//x.example/y"]


@pytest.mark.parametrize("odd", ODD)
def test_only_addresses_of_the_web_become_links(odd):
    event = InteractionEvent(
        kind="message_received",
        attachments=[{"file_url": odd}, {"image_data": {"url": odd}}, {"image_data": odd}, odd],
        data={"sticker": odd, "shares": {"data": [{"link": odd}]}, "story": odd, "reactions": odd},
    )
    assert all(piece.address == "" for piece in pieces_of(event.attachments, event.data, event.text))


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
        # The session, the user, the Pages, those lost, the conversation, its tags, messages, history,
        # other tags, neighbours.
        with django_assert_num_queries(10 + bool(before)):
            text = text_of(root, talk, **({"before": before} if before else {}))
        seen = re.findall(r"no\. (\d+)", text[text.index("inbox-talk") :]) + seen
        link = re.search(r'href="[^"]*\?before=(\d+)"', text)
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


# -- further parts -----------------------------------------------------------------------------------------
def test_a_further_part_is_the_talk_alone(talk, root, django_assert_num_queries):
    for number in range(130):
        EventFactory(conversation=talk, text=f"no. {number:03}")
    page = text_of(root, talk)
    link = re.search(r'data-older="([^"]*)"', page)
    assert link
    # The session, the user, the Pages, the conversation, its tags, where it begins, messages.
    with django_assert_num_queries(7):
        part = root.get(link[1]).content.decode()
    assert re.findall(r"no\. (\d+)", part) == [f"{number:03}" for number in range(30)]
    assert "<html" not in part
    assert "data-older" not in part


def test_strangers_get_no_part_and_may_ask_nothing(staff):
    row = ConversationFactory()
    event = EventFactory(conversation=row, **media.image(7))
    client = staff("manager")
    assert client.get(address(row, "messages")).status_code == 404
    assert client.get(address(row, "messages", str(event.pk), "0")).status_code == 404
    assert client.get(address(row, "facebook")).status_code == 404
    assert client.post(address(row, "refresh")).status_code == 404


def test_an_event_of_another_conversation_is_not_found_in_this_one(talk, root):
    other = EventFactory(**media.image(7))
    assert root.get(address(talk, "messages", str(other.pk), "0")).status_code == 404


# -- words -------------------------------------------------------------------------------------------------
def test_times_in_words():
    assert time_in_words(NOON, NOON + timedelta(seconds=20)) == "just now"
    assert time_in_words(NOON, NOON + timedelta(minutes=59, seconds=50)) == "59 min ago"
    assert time_in_words(NOON, NOON + timedelta(hours=1)) == "12:00"
    assert time_in_words(NOON + timedelta(days=1), NOON) == "12:00"
    today = NOON.date()
    days = [today, today - timedelta(days=1), today - timedelta(days=2), today.replace(year=2023)]
    assert [day_in_words(day, today) for day in days] == [
        "Today",
        "Yesterday",
        "Wednesday, 15 May",
        "Wednesday, 17 May 2023",
    ]


@pytest.mark.parametrize("text", ["😀", "👍🏽 👍", "👨‍👩‍👧", "❤️", "🇵🇪"])
def test_a_few_emoji_are_a_picture(text):
    assert is_picture(text)


@pytest.mark.parametrize("text", ["", " ", "ok 😀", "😀" * 9, "^^", "42"])
def test_words_are_not(text):
    assert not is_picture(text)


# -- the list it came from ---------------------------------------------------------------------------------
def test_the_lists_filters_go_along(talk, page, root):
    rows = [ConversationFactory(page=page, sender_name=f"Guest {number}") for number in range(3)]
    vip = TagFactory(name="VIP")
    tag_conversations([talk.pk, rows[0].pk, rows[2].pk], [vip], actor=None)
    listed = root.get("/admin/conversations/conversation/", {"include_tags": vip.pk})
    came_from = f"include_tags={vip.pk}&p=2"
    assert f"/{rows[0].pk}/change/?_changelist_filters=include_tags" in listed.content.decode()
    text = text_of(root, rows[0], _changelist_filters=came_from)
    assert f'href="/admin/conversations/conversation/?{came_from.replace("&", "&amp;")}"' in text
    for row, words in ((rows[2], "Previous: </span><bdi>Guest 2"), (talk, "Next: </span><bdi>Ana")):
        link = rf'href="[^"]*/{row.pk}/change/\?_changelist_filters=[^"]*"[^>]*>'
        assert re.search(rf"{link}.{{0,99}}{words}", text)
    answer = root.post(
        address(rows[0], "status") + f"?{urlencode({'_changelist_filters': came_from})}", {"status": "done"}
    )
    assert (
        answer["Location"] == address(rows[0], "change") + f"?{urlencode({'_changelist_filters': came_from})}"
    )


@pytest.mark.parametrize("query", ["nonsense", "page=999999", "status=gone", "\0", "%", "x=" + "y" * 9000])
def test_filters_that_make_no_sense_cost_only_the_neighbours(talk, root, query):
    assert text_of(root, talk, _changelist_filters=query)


def test_the_filters_of_others_show_none_of_their_pages(staff, page):
    theirs = ConversationFactory(sender_name="Secret")
    mine = ConversationFactory(page=page)
    text = text_of(staff("viewer"), mine, _changelist_filters=f"page={theirs.page_id}")
    assert "Secret" not in text


# -- Facebook, asked ---------------------------------------------------------------------------------------
@pytest.fixture
def shown(transactional_db, world, shop, sandbox):
    """A conversation that Facebook shows, synced."""
    page = Page.objects.create(facebook_page_id=shop.id, name=shop.name, access_token=shop.token)
    thread = world.add_conversation(shop, "Ana", messages=["Hi", {"message": "", **media.image(7)}])
    sync_conversations(page)
    return thread, page


def test_a_refresh_says_what_came(shown, world, root):
    thread, _ = shown
    row = Conversation.objects.get()
    world.add_message(thread, "One more")
    assert root.post(address(row, "refresh"))["Location"] == address(row, "change")
    text = text_of(root, row)
    assert "1 new message." in text
    assert "One more" in text


def test_a_viewer_does_not_refresh(shown, staff):
    _, page = shown
    client = staff("viewer", on=page)
    assert client.post(address(Conversation.objects.get(), "refresh")).status_code == 403


@pytest.mark.parametrize(
    ("fault", "status", "words"),
    [
        (None, 302, ""),
        (faults.unavailable(), 502, "Facebook did not answer."),
        (faults.token_error(460), 409, "has a new password"),
        (faults.graph_error(100, 33), 410, "Facebook no longer shows this."),
    ],
    ids=["well", "502", "409", "410"],
)
def test_an_attachment_opens_or_says_why_not(shown, sandbox, root, fault, status, words):
    if fault:
        sandbox.faults.add(fault, times=None)
    event = InteractionEvent.objects.get(text="")
    answer = root.get(address(event.conversation, "messages", str(event.pk), "0"))
    assert answer.status_code == status
    assert answer["Referrer-Policy"] == "no-referrer"
    assert words in answer.content.decode()
    assert status != 302 or answer["Location"].startswith("https://scontent.example.fbcdn.net/")


def test_the_thread_at_facebook_opens(shown, root):
    thread, _ = shown
    answer = root.get(address(Conversation.objects.get(), "facebook"))
    assert answer["Location"].endswith(f"/inbox/{thread.number}/")
