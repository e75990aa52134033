"""One module decides what an attachment is; REST hands it out, the inbox page and the admin show it."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from conversations.lib.attachments import KINDS, attachments_of
from conversations.sandbox.data import media
from tests.factories import ConversationFactory, EventFactory, api, superuser

ROOT = Path(__file__).parents[1]
SHAPE = ROOT / "conversations/lib/attachments.py"
REQUESTED = ROOT / "conversations/graph/fields.py"  # names the fields that Facebook is asked for
SANDBOX = ROOT / "conversations/sandbox"
TRANSLATED = ROOT / "inbox" / "frontend" / "conversation" / "attachments.mjs"  # it names kinds for readers
SOURCES = [
    path
    for top in ("conversations", "inbox", "templates")
    for path in (ROOT / top).rglob("*.*")
    if path.suffix in (".py", ".mjs", ".js", ".html")
    and path not in (SHAPE, REQUESTED)
    and SANDBOX not in path.parents
]
FIELDS = r"\b(mime_type|image_data|video_data|file_url|generic_template)\b"
KIND = r"""["'>](Video|Audio|Card|Sticker|Story|Unavailable)["'<]"""
IMAGE_URL = "https://cdn.example/a.jpg"
LINK = "https://shop.example/a"
SHOWN = ("kind", "name", "url", "size", "show", "content")


def of_kind(make: media.Maker) -> dict[str, Any]:
    fields = make(7)
    return {"attachments": fields.pop("attachments", []), "data": fields}


MESSAGES = {
    **{make.__name__: of_kind(make) for make in dict.fromkeys((*media.KINDS, media.story))},
    "image_without_type": {"attachments": [{"image_data": {"url": IMAGE_URL}, "name": "a"}], "data": {}},
    "nothing": {"attachments": [], "data": {}},
    "garbage": {
        "attachments": [{"id": 7, "image_data": 7}, {"generic_template": {"cta": {"url": "javascript:x"}}}],
        "data": {},
    },
}


@pytest.mark.django_db
@pytest.mark.parametrize("fields", MESSAGES.values(), ids=MESSAGES)
def test_rest_and_admin_show_the_same_attachments(fields):
    user = superuser()
    event = EventFactory(conversation=ConversationFactory(), text="", **fields)
    row = event.conversation
    [answer] = api(user).get(f"/api/conversations/{row.pk}/events").json()["events"]
    shown = answer["display_attachments"]
    assert shown
    assert {item["kind"] for item in shown} <= set(KINDS)
    assert kinds_in_admin(user, row) == [item["kind"] for item in shown]


def kinds_in_admin(user, row) -> list[str]:
    browser = Client()
    browser.force_login(user)
    html = browser.get(reverse("admin:conversations_conversation_change", args=[row.pk])).text
    return re.findall(r'class="inbox-kind">([^<]*)<', html)


@pytest.mark.django_db
def test_urls_of_files_keep_working_and_those_of_others_are_their_own():
    row = ConversationFactory()
    event = EventFactory(
        conversation=row,
        attachments=[{"image_data": {"url": IMAGE_URL}, "name": "a", "size": 5}],
        data={"shares": [{"link": LINK, "name": "Mug"}], "sticker": "javascript:x"},
    )
    [answer] = api(superuser()).get(f"/api/conversations/{row.pk}/events").json()["events"]
    url = f"/api/conversations/{row.pk}/events/{event.pk}/attachments/0"
    shown = [{name: one[name] for name in SHOWN} for one in answer["display_attachments"]]
    assert shown == [
        {"kind": "Image", "name": "a", "url": url, "size": 5, "show": "file", "content": None},
        {"kind": "Sticker", "name": "", "url": None, "size": None, "show": "text", "content": None},
        {"kind": "Link", "name": "Mug", "url": LINK, "size": None, "show": "card", "content": None},
    ]


@pytest.mark.django_db
def test_files_at_facebook_have_addresses_on_this_host():
    event = EventFactory(conversation=ConversationFactory(), text="", **of_kind(media.video))
    [answer] = api(superuser()).get(f"/api/conversations/{event.conversation_id}/events").json()["events"]
    [shown] = answer["display_attachments"]
    url = f"/api/conversations/{event.conversation_id}/events/{event.pk}/attachments/0"
    assert (shown["show"], shown["url"]) == ("video", url)
    assert (shown["content"], shown["preview"]) == (f"{url}/content", f"{url}/preview")
    assert (shown["width"], shown["height"]) == (720, 1280)


def test_cards_of_webhooks_show_their_first_element():
    element = {"title": "Mug", "subtitle": "300 ml", "image_url": IMAGE_URL, "default_action": {"url": LINK}}
    payload = {"template_type": "generic", "elements": [element]}
    [card] = attachments_of([{"type": "template", "payload": payload}], {}, "")
    assert (card.title, card.subtitle, card.preview, card.address) == ("Mug", "300 ml", IMAGE_URL, LINK)
    assert (card.show, card.host) == ("card", "shop.example")


@pytest.mark.parametrize("pattern", [FIELDS, KIND])
def test_no_other_module_decides_what_an_attachment_is(pattern):
    found = {
        str(path.relative_to(ROOT)): match[0]
        for path in SOURCES
        if (pattern, path) != (KIND, TRANSLATED) and (match := re.search(pattern, path.read_text()))
    }
    assert found == {}
