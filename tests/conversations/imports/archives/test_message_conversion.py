"""Each kind of message of an archive in our form."""

from collections import Counter

import pytest

from conversations.imports.archives.message_conversion import MessageReader, Names
from conversations.imports.archives.repair import Repairer
from conversations.lib.attachments import attachments_of
from tests.conversations.imports.archives.made import ANA, SHOP, message

LINK = "https://x.example/ü"
DATA = {
    "share": ({"link": LINK, "share_text": "Menü"}, {"shares": [{"link": LINK, "name": "Menü"}]}),
    "call_duration": (62, {"call": {"duration": 62, "is_missed": False}}),
    "missed": (True, {"call": {"duration": 0, "is_missed": True}}),
    "is_taken_down": (True, {"taken_down": True}),
    "is_unsent": (True, {"deleted": True}),
    "bumped_message_metadata": ({"is_bumped": True, "bumped_message": "hi"}, {"bumped": True}),
}
FILES = {
    "photos": "Image",
    "videos": "Video",
    "audio_files": "Audio",
    "gifs": "Image",
    "files": "File",
}
GARBAGE = [
    {"content": 7, "photos": {"uri": "x"}, "share": [], "reactions": "x", "sticker": 7},
    {"content": None, "photos": [None, 7, {"uri": None}], "share": {"link": None}, "reactions": [None, {}]},
    {"content": "", "videos": None, "call_duration": None, "missed": False, "bumped_message_metadata": []},
]


def read(fields):
    skipped: Counter = Counter()
    reader = MessageReader(Names([SHOP]), lambda address, parent: "", skipped)
    return reader.read(fields, str, ""), skipped


@pytest.mark.parametrize(("name", "value", "data"), [(name, *pair) for name, pair in DATA.items()])
def test_what_is_no_text_stands_in_data(name, value, data):
    found, _ = read(message(ANA, 0, **{name: value}))
    assert found.data == data


def test_nothing_is_left_of_an_unsent_message():
    found, _ = read(message(ANA, 0, "This poll is no longer available.", is_unsent=True))
    assert (found.text, found.attachments, found.data) == ("", (), {"deleted": True})


@pytest.mark.parametrize(("name", "kind"), FILES.items())
def test_attachments_are_shown_as_all_others(name, kind):
    found, _ = read(
        message(ANA, 0, **{name: [{"uri": "messages/inbox/a_1/x/clip.bin", "creation_timestamp": 1}]})
    )
    [shown] = attachments_of(list(found.attachments), found.data, found.text)
    assert (shown.kind, shown.name, shown.address) == (kind, "clip.bin", "")


def test_stickers_and_shares_are_shown_as_all_others():
    found, _ = read(
        message(ANA, 0, sticker={"uri": "messages/stickers_used/1.png"}, share={"link": "https://x.example"})
    )
    shown = attachments_of(list(found.attachments), found.data, found.text)
    assert [one.kind for one in shown] == ["Sticker", "Link"]


def test_addresses_of_senders_are_never_kept():
    found, _ = read(message(ANA, 0, "hi", ip="203.0.113.7"))
    assert "203.0.113.7" not in repr(found)


def test_reactions_tell_the_side():
    items = [{"reaction": "😮", "actor": SHOP}, {"reaction": "❤", "actor": ANA, "timestamp": 1}]
    found, _ = read(message(ANA, 0, "hi", reactions=items))
    assert [(one["actor"], one["emoji"]) for one in found.reactions] == [("customer", "❤"), ("page", "😮")]


@pytest.mark.parametrize("fields", GARBAGE)
def test_garbage_is_nothing(fields):
    found, skipped = read(message(ANA, 0) | fields)
    assert (found, skipped) == (None, {"empty": 1})


@pytest.mark.parametrize("value", [None, 7, "x", []])
def test_what_is_no_message_is_counted(value):
    assert read(value) == (None, {"no_object": 1})


def test_a_sender_is_repaired_as_the_other_texts_of_the_file():
    skipped: Counter = Counter()
    reader = MessageReader(Names(["É"]), lambda address, parent: "", skipped)
    misread = message("É".encode().decode("latin-1"), 0, "x")
    sides = [reader.read(misread, repair, "").is_from_page for repair in (str, Repairer().repair, str)]
    assert sides == [False, True, False]
