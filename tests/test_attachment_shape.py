"""One module decides what an attachment is; REST hands it out, the inbox page and the admin show it."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from conversations.lib.attachments import KINDS
from conversations.sandbox.data import media
from tests.factories import ConversationFactory, EventFactory, api, superuser

ROOT = Path(__file__).parents[1]
SHAPE = ROOT / "conversations/lib/attachments.py"
REQUESTED = ROOT / "conversations/graph/fields.py"  # names the fields that Facebook is asked for
SANDBOX = ROOT / "conversations/sandbox"
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
        data={"shares": [{"link": "https://shop.example/a", "name": "Mug"}], "sticker": "javascript:x"},
    )
    [answer] = api(superuser()).get(f"/api/conversations/{row.pk}/events").json()["events"]
    url = f"/api/conversations/{row.pk}/events/{event.pk}/attachments/0"
    assert answer["display_attachments"] == [
        {"kind": "Image", "name": "a", "url": url, "size": 5},
        {"kind": "Sticker", "name": "", "url": None, "size": None},
        {"kind": "Link", "name": "Mug", "url": "https://shop.example/a", "size": None},
    ]


@pytest.mark.parametrize("pattern", [FIELDS, KIND])
def test_no_other_module_decides_what_an_attachment_is(pattern):
    found = {
        str(path.relative_to(ROOT)): match[0]
        for path in SOURCES
        if (match := re.search(pattern, path.read_text()))
    }
    assert found == {}
