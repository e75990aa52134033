"""Sentences that Meta writes, and texts of people that look like them."""

import pytest

from conversations.imports.archives.prose import BY_END, BY_START, EXACT, is_prose

SHARE = {"share": {"link": "https://x.example"}}
PROSE = [
    ("irgendwas", "Zoë", {"call_duration": 0}),
    ("chamada perdida", "Zoë", {"missed": True}),
    ("Zoë joined.", "Zoë", {"type": "Subscribe", "users": [{"name": "Zoë"}]}),
    ("x", "Zoë", {"is_taken_down": True}),
    ("Reacted 😂 to your message ", "Zoë", {}),
    ("ได้แสดงความรู้สึก 😂 ", "Zoë", {}),
    ("Zoë on jaganud linki.", "Zoë König", SHARE),  # a language that the list does not have
    ("Hans hat einen Anhang gesendet.", "Hans Ohm", {}),
    ("Ana sent an attachment.", "Ana Santos", {}),
    ("Zoëさんが写真を送信しました。", "Zoë", {}),
    ("Instagram 用戶傳送了 1 份附件。", "Instagram 用戶", SHARE),
    ("Liked a message", "Zoë", {}),
    ("Reacted ❤️ to your message", "Zoë", {}),
    ("Replied to your story", "Zoë", SHARE),
]
OWN = [
    ("", "Zoë", {"call_duration": 1}),
    ("My sister sent a photo.", "Zoë König", {}),
    ("I sent an attachment.", "Irene", {}),
    ("Ana sent an attachment.", "Zoë", {}),
    ("ok 👍", "Zoë", {}),
    ("ok ", "Zoë", {}),
    ("Zoë here. See https://x.example.", "Zoë König", SHARE),
    ("Is this still available?", "Zoë", SHARE),
    ("hi", "Zoë", {"missed": False, "users": [], "call_duration": None, "type": "Generic"}),
]


@pytest.mark.parametrize(("text", "sender", "message"), PROSE)
def test_sentences_of_meta_are_recognized(text, sender, message):
    assert is_prose(text, sender, message)


@pytest.mark.parametrize(("text", "sender", "message"), OWN)
def test_own_words_are_not(text, sender, message):
    assert not is_prose(text, sender, message)


def test_each_sentence_of_the_list_can_be_found():
    assert len(EXACT) > 10
    assert all(len(end) == 3 for end in (*BY_END, *BY_START))
