"""Texts whose bytes of UTF-8 are written as characters."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.imports.archives.repair import Repairer
from tests.conversations.imports.archives.made import misread


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_each_text_is_repaired(text):
    repair = Repairer().of_file(json.dumps(misread(text)).encode())
    assert repair(misread(text)) == text


@pytest.mark.parametrize(
    ("text", "repaired", "failed"),
    [
        ("right: \u201cZo\u00eb\u201d", "right: “Zoë”", 0),
        ("\u00f0\u009f", "\u00f0\u009f", 1),  # a cut emoji
        ("\u00ed\u00a0\u00bd", "\u00ed\u00a0\u00bd", 1),  # half of a pair of surrogates
        ("a\0b", "a\ufffdb", 0),
        ("\ud83d", "\ufffd", 0),
        ("caf\u00c3\u00a9\0", "café\ufffd", 0),
    ],
)
def test_what_is_right_or_incomplete_stays_and_is_counted(text, repaired, failed):
    repairer = Repairer()
    assert repairer.repair(text) == repaired
    assert repairer.failed == failed


def test_a_file_with_real_utf8_is_never_repaired():
    repairer = Repairer()
    assert repairer.of_file('"É»"'.encode())("É»") == "É»"
    assert repairer.of_file(rb'"\u00c9\u00bb"')("É»") == "ɻ"


def test_a_file_that_a_program_has_rewritten_is_repaired():
    content = json.dumps(misread(["Grüß Gott 😀"]), ensure_ascii=False)
    assert Repairer().of_file(content.encode())(misread("Grüß Gott")) == "Grüß Gott"
