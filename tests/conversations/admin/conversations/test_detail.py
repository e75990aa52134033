"""The page of one conversation: its messages, tags and history."""

import re
from datetime import timedelta
from urllib.parse import urlencode

import pytest

from conversations.actions.tagging import tag_conversations
from conversations.admin.conversations.timeline_rows import day_label, is_emoji, time_label
from conversations.lib.attachments import attachments_of
from conversations.models import Conversation, ConversationTag, InteractionEvent, Page
from conversations.sandbox import faults
from conversations.sandbox.data import media
from conversations.sync.service import sync_conversations
from tests.factories import NOON, ConversationFactory, EventFactory, TagFactory


@pytest.fixture
def conversation(page):
    return ConversationFactory(page=page, sender_name="Ana")


def url_of(row, *rest) -> str:
    return "/".join(["/admin/conversations/conversation", str(row.pk), *rest, ""])


def text_of(client, row, **query) -> str:
    response = client.get(url_of(row, "change"), query)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_messages_show_side_sender_and_time(conversation, root):
    EventFactory(conversation=conversation, kind="message_received", text="Is it blue?", occurred_at=NOON)
    EventFactory(conversation=conversation, kind="message_sent", text="Yes")
    EventFactory(conversation=conversation, kind="message_unknown", text="Hm")
    text = text_of(root, conversation)
    title = 'title="Friday, 17 May 2024, 12:00:00 UTC"'
    assert re.search(
        rf'inbox-left"[^>]*> <p[^>]*><bdi[^>]*>Ana</bdi> <time [^>]*{title}>12:00.*Is it blue\?', text
    )
    assert re.search(r'inbox-right"[^>]*> <p[^>]*><bdi[^>]*>Demo Shop.*Yes', text)
    assert re.search(r'inbox-middle"[^>]*> <p[^>]*><bdi[^>]*>Unknown sender.*Hm', text)
    assert text.index("Is it blue?") < text.index(">Yes<") < text.index(">Hm<")


def test_unsent_message_says_so_once_and_an_empty_place_is_not_shown(conversation, root):
    EventFactory(conversation=conversation, kind="message_received", text="", data={"deleted": True})
    EventFactory(conversation=conversation, kind="message_unknown", text="", data={"stub": True})
    text = text_of(root, conversation)
    assert text.count("unsent") == 1
    assert "Unknown sender" not in text


@pytest.mark.parametrize(
    ("make_fields", "kind", "name"),
    [
        (media.image, "Image", "image-7"),
        (media.gif, "Image", "gif-7"),
        (media.video, "Video", "video-7.mp4"),
        (media.audio, "Audio", "audioclip-7.mp4"),
        (media.file, "File", "invoice-7.pdf"),
        (media.template, "Card", "Your order is on its way"),
        (media.blocked, "Attachment", "not available because of privacy rules"),
        (media.sticker, "Sticker", ""),
        (media.share, "Link", "Stoneware mug"),
        (media.story, "Story", "open"),
        (media.unsupported, "Unavailable", "Facebook does not provide this type of message"),
    ],
)
def test_attachments_are_named_and_come_from_this_host(conversation, root, make_fields, kind, name):
    fields = make_fields(7)
    EventFactory(conversation=conversation, text="", attachments=fields.pop("attachments", []), data=fields)
    text = text_of(root, conversation)
    html = text[text.index("inbox-timeline") : text.index("inbox-aside")]
    assert kind in html
    assert name in html
    assert all(address.startswith("/api/") for address in re.findall(r'(?:src|poster|full)="([^"]*)"', html))
    for link in re.findall(r"<a [^>]*href=[^>]*>", html):
        assert 'target="_blank" rel="noopener noreferrer' in link
    assert "fbcdn" not in html
    assert "fbsbx" not in html


INVALID_URLS = ["javascript:alert(1)", "data:text/html,x", "http://[", 7, None, {"a": 1}, "//x.example/y"]


@pytest.mark.parametrize("value", INVALID_URLS)
def test_only_web_urls_become_links(value):
    event = InteractionEvent(
        kind="message_received",
        attachments=[{"file_url": value}, {"image_data": {"url": value}}, {"image_data": value}, value],
        data={"sticker": value, "shares": {"data": [{"link": value}]}, "story": value, "reactions": value},
    )
    assert all(one.address == "" for one in attachments_of(event.attachments, event.data, event.text))


def test_texts_from_facebook_are_escaped(page, root):
    payload = "<script>alert(1)</script>\"'"
    row = ConversationFactory(page=page, sender_name=payload, sender_id=payload, last_message=payload)
    EventFactory(
        conversation=row,
        text=payload,
        attachments=[{"name": payload, "file_url": f"https://x.example/{payload}"}],
        data={
            "shares": [{"link": "https://x.example/", "name": payload}],
            "reactions": [{"reaction": payload}],
        },
    )
    text = text_of(root, row)
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text


def test_newest_hundred_messages_link_to_older_ones(conversation, root, django_assert_num_queries):
    for number in range(250):
        EventFactory(conversation=conversation, text=f"no. {number:03}", occurred_at=NOON)
    numbers: list[str] = []
    before = ""
    while True:
        # Session, user, Pages, disconnected Pages, conversation, its tags, messages, history, other tags,
        # adjacent conversations, colleagues.
        with django_assert_num_queries(11 + bool(before)):
            text = text_of(root, conversation, **({"before": before} if before else {}))
        numbers = re.findall(r"no\. (\d+)", text[text.index("inbox-timeline") :]) + numbers
        link = re.search(r'href="[^"]*\?before=(\d+)"', text)
        if not link:
            break
        before = link[1]
    assert numbers == [f"{number:03}" for number in range(250)]


def test_no_messages_before_an_event_of_another_conversation(conversation, root):
    other = EventFactory()
    EventFactory(conversation=conversation, text="here")
    assert "No older messages" in text_of(root, conversation, before=other.pk)


def test_history_shows_the_changes_of_taggers(conversation, staff):
    vip = TagFactory(name="VIP")
    client = staff("tagger")
    assert client.post(url_of(conversation, "tags"), {"add": vip.pk})["Location"] == url_of(
        conversation, "change"
    )
    assert [row.tag for row in conversation.tag_rows.all()] == [vip]
    client.post(url_of(conversation, "status"), {"status": "done"})
    client.post(url_of(conversation, "tags"), {"remove": vip.pk})
    assert not ConversationTag.objects.exists()
    text = text_of(client, conversation)
    history = text[text.index("inbox-history") :]
    for part in ("Added tag <b>VIP</b>", "Removed tag <b>VIP</b>", "Status <b>Open</b> → <b>Done</b>"):
        assert part in history
    assert history.count(client.user.username) == 3


def test_viewers_cannot_change_anything(conversation, staff):
    vip = TagFactory(name="VIP")
    tag_conversations([conversation.pk], [vip], actor=None)
    client = staff("viewer")
    text = text_of(client, conversation)
    aside = text[text.index("inbox-aside") : text.index("</aside>")]
    assert "VIP" in aside
    assert "<button" not in aside
    assert client.post(url_of(conversation, "tags"), {"remove": vip.pk}).status_code == 403
    assert client.post(url_of(conversation, "status"), {"status": "done"}).status_code == 403
    assert conversation.tag_rows.exists()


def test_invisible_conversation_is_not_found(staff):
    row = ConversationFactory()
    client = staff("manager")
    assert client.get(url_of(row, "change")).status_code == 404
    assert client.post(url_of(row, "tags"), {"add": 1}).status_code == 404
    assert client.post(url_of(row, "status"), {"status": "done"}).status_code == 404


def test_unknown_status_or_tag_changes_nothing(conversation, root):
    root.post(url_of(conversation, "status"), {"status": "gone"})
    root.post(url_of(conversation, "tags"), {"add": "x", "remove": "999999"})
    assert not InteractionEvent.objects.exists()
    assert root.get(url_of(conversation, "tags")).status_code == 405


def test_agents_quote_messages_that_facebook_still_knows(conversation, staff):
    quotable = EventFactory(conversation=conversation)
    EventFactory(conversation=conversation, data={"deleted": True})
    EventFactory(conversation=conversation, data={"source": "archive"})
    EventFactory(conversation=conversation, kind="note_added", graph_id=None)
    for role, shown in (("agent", [str(quotable.pk)]), ("tagger", [])):
        client = staff(role, conversation.page)
        for text in (
            text_of(client, conversation),
            client.get(url_of(conversation, "messages")).content.decode(),
        ):
            assert re.findall(r'data-quote="(\d+)"', text) == shown


# -- older messages ----------------------------------------------------------------------------------------
def test_older_messages_come_without_the_rest_of_the_page(conversation, root, django_assert_num_queries):
    for number in range(130):
        EventFactory(conversation=conversation, text=f"no. {number:03}")
    page = text_of(root, conversation)
    link = re.search(r'data-older="([^"]*)"', page)
    assert link
    # Session, user, Pages, conversation, its tags, the event before which to read, messages.
    with django_assert_num_queries(7):
        part = root.get(link[1]).content.decode()
    assert re.findall(r"no\. (\d+)", part) == [f"{number:03}" for number in range(30)]
    assert "<html" not in part
    assert "data-older" not in part


def test_members_of_other_pages_cannot_load_or_refresh_anything(staff):
    row = ConversationFactory()
    client = staff("manager")
    assert client.get(url_of(row, "messages")).status_code == 404
    assert client.get(url_of(row, "facebook")).status_code == 404
    assert client.post(url_of(row, "refresh")).status_code == 404


# -- formatting --------------------------------------------------------------------------------------------
def test_times_and_days_are_formatted():
    assert time_label(NOON, NOON + timedelta(seconds=20)) == "just now"
    assert time_label(NOON, NOON + timedelta(minutes=59, seconds=50)) == "59 min ago"
    assert time_label(NOON, NOON + timedelta(hours=1)) == "12:00"
    assert time_label(NOON + timedelta(days=1), NOON) == "12:00"
    today = NOON.date()
    days = [today, today - timedelta(days=1), today - timedelta(days=2), today.replace(year=2023)]
    assert [day_label(day, today) for day in days] == [
        "Today",
        "Yesterday",
        "Wednesday, 15 May",
        "Wednesday, 17 May 2023",
    ]


@pytest.mark.parametrize("text", ["😀", "👍🏽 👍", "👨‍👩‍👧", "❤️", "🇵🇪"])
def test_few_emoji_are_recognized(text):
    assert is_emoji(text)


@pytest.mark.parametrize("text", ["", " ", "ok 😀", "😀" * 9, "^^", "42"])
def test_other_texts_are_not_emoji(text):
    assert not is_emoji(text)


# -- the list that links here -----------------------------------------------------------------------------
def test_filters_of_the_list_are_passed_on(conversation, page, root):
    rows = [ConversationFactory(page=page, sender_name=f"Guest {number}") for number in range(3)]
    vip = TagFactory(name="VIP")
    tag_conversations([conversation.pk, rows[0].pk, rows[2].pk], [vip], actor=None)
    listed = root.get("/admin/conversations/conversation/", {"include_tags": vip.pk})
    list_query = f"include_tags={vip.pk}&p=2"
    assert f"/{rows[0].pk}/change/?_changelist_filters=include_tags" in listed.content.decode()
    text = text_of(root, rows[0], _changelist_filters=list_query)
    assert f'href="/admin/conversations/conversation/?{list_query.replace("&", "&amp;")}"' in text
    for row, label in ((rows[2], "Previous: </span><bdi>Guest 2"), (conversation, "Next: </span><bdi>Ana")):
        link = rf'href="[^"]*/{row.pk}/change/\?_changelist_filters=[^"]*"[^>]*>'
        assert re.search(rf"{link}.{{0,99}}{label}", text)
    response = root.post(
        url_of(rows[0], "status") + f"?{urlencode({'_changelist_filters': list_query})}",
        {"status": "done"},
    )
    assert (
        response["Location"]
        == url_of(rows[0], "change") + f"?{urlencode({'_changelist_filters': list_query})}"
    )


@pytest.mark.parametrize("query", ["nonsense", "page=999999", "status=gone", "%", "x=" + "y" * 9000])
def test_page_opens_with_an_invalid_filter(conversation, root, query):
    assert text_of(root, conversation, _changelist_filters=query)


def test_filter_by_an_invisible_page_shows_no_adjacent_conversation(staff, page):
    foreign = ConversationFactory(sender_name="Secret")
    own = ConversationFactory(page=page)
    text = text_of(staff("viewer"), own, _changelist_filters=f"page={foreign.page_id}")
    assert "Secret" not in text


# -- calls to Facebook -------------------------------------------------------------------------------------
@pytest.fixture
def synced(transactional_db, world, shop, sandbox):
    """Sync one conversation; return its thread in the sandbox and its Page."""
    page = Page.objects.create(facebook_page_id=shop.id, name=shop.name, access_token=shop.token)
    thread = world.add_conversation(shop, "Ana", messages=["Hi", {"message": "", **media.image(7)}])
    sync_conversations(page)
    return thread, page


def test_refresh_reports_new_messages(synced, world, root):
    thread, _ = synced
    row = Conversation.objects.get()
    world.add_message(thread, "One more")
    assert root.post(url_of(row, "refresh"))["Location"] == url_of(row, "change")
    text = text_of(root, row)
    assert "1 new message." in text
    assert "One more" in text


def test_viewers_cannot_refresh(synced, staff):
    _, page = synced
    client = staff("viewer", on=page)
    assert client.post(url_of(Conversation.objects.get(), "refresh")).status_code == 403


def test_refusal_of_facebook_is_shown(synced, sandbox, root):
    sandbox.faults.add(faults.token_error(460), times=None)
    response = root.get(url_of(Conversation.objects.get(), "facebook"))
    assert (response.status_code, response["Referrer-Policy"]) == (409, "no-referrer")
    assert "has a new password" in response.content.decode()


def test_thread_opens_on_facebook(synced, root):
    thread, _ = synced
    response = root.get(url_of(Conversation.objects.get(), "facebook"))
    assert response["Location"].endswith(f"/inbox/{thread.number}/")
