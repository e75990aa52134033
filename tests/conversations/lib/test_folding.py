"""Folding of texts for the search. The tables of docs/search.md are the cases."""

import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.lib.folding import (
    ADDED,
    TABLE,
    UNSPACED_RANGES,
    fold,
    fold_by_former_rules,
    fold_with_positions,
)
from conversations.search.matches import snippet
from tests.node import map_in_node, needs_node

ROOT = Path(__file__).parents[3]
ANY_TEXT = st.text()
ALIKE, DIFFERENT = (ROOT / "docs/search.md").read_text("utf-8").split("## What does make a difference")
ROW = re.compile(r"^\| (.*?) \| `+(.*?)`+ \| `(.*?)` \|$", re.MULTILINE)
# Those that Unicode's property Quotation_Mark or Dash has.
QUOTATION_MARKS = "\"'«»‘’‚‛“”„‟‹›⹂「」『』〝〞〟﹁﹂﹃﹄＂＇｢｣"
DASHES = "-֊־᐀᠆‐‑‒–—―⁓⁻₋−⸗⸚⸺⸻⹀〜〰゠︱︲﹘﹣－"


@pytest.mark.parametrize(("what", "stored", "typed"), ROW.findall(ALIKE))
def test_what_the_documentation_lists_makes_no_difference(what, stored, typed):
    assert fold(typed) in fold(stored)


@pytest.mark.parametrize(("what", "stored", "typed"), ROW.findall(DIFFERENT))
def test_what_makes_a_difference(what, stored, typed):
    assert fold(typed) not in fold(stored)


@pytest.mark.parametrize(
    ("stored", "typed"),
    [
        ("Zero\u200bWidth", "ZeroWidth"),
        ("sof\u00adt", "soft"),
        ("❤", "❤\ufe0f"),
        ("\u200eAnna\u200f \u2067B\u2069", "anna b"),
        ("می\u200cخواهم", "میخواهم"),
        ("Anna  \u00a0Maria", "Anna Maria"),
        ("still\r\nfor\u2028you", "still for you"),
        ("\x1fa\x1eb", " a b"),
    ],
)
def test_invisible_characters_and_kinds_of_space_make_no_difference(stored, typed):
    assert fold(stored) == fold(typed)


def test_every_quote_and_dash_of_unicode_is_ascii():
    every = [chr(code) for code in range(0x110000)]
    quotes = [one for one in every if unicodedata.category(one) in ("Pi", "Pf")]
    dashes = [one for one in every if unicodedata.category(one) == "Pd"]
    assert {one: fold(one) for one in [*quotes, *QUOTATION_MARKS] if fold(one) not in ("'", '"')} == {}
    assert {one: fold(one) for one in [*dashes, *DASHES] if fold(one) not in ("-", "~", "=")} == {}


def test_digits_of_all_scripts_and_forms_are_ascii():
    every = [chr(code) for code in range(0x110000)]
    digits = {one: unicodedata.digit(one, None) for one in every}
    wrong = {
        one: fold(one) for one, digit in digits.items() if digit is not None and str(digit) not in fold(one)
    }
    assert wrong == {}


@given(st.text(st.sampled_from([*TABLE, *"Aé “𝓐 ߸❶⸂\u200b"])))
def test_former_rules_differ_only_by_what_was_added(text):
    second, _ = fold_by_former_rules(text)
    if not any(one in ADDED or one in "❶⸂" for one in text):
        assert second == fold(text)


@given(ANY_TEXT)
def test_folding_twice_changes_nothing(text):
    assert fold(fold(text)) == fold(text)


@given(ANY_TEXT, ANY_TEXT, ANY_TEXT)
def test_part_of_a_text_is_part_of_the_folded_text(before, part, after):
    assert fold(part) in fold(before + part + after)


@given(ANY_TEXT)
def test_positions_lead_back_to_the_characters(text):
    folded, positions = fold_with_positions(text)
    assert folded == fold(text)
    assert all(fold(text[position])[:1] for position in positions)
    assert positions == sorted(positions)


@pytest.mark.parametrize(
    ("text", "term", "shown"),
    [
        ("x" * 80 + "Straße 1 " + "y" * 80, "strasse 1", "…" + "x" * 60 + "Straße 1 " + "y" * 59 + "…"),
        (
            "\u200b" * 100 + "Anna \n Mia" + "z" * 61,
            "anna mia",
            "…" + "\u200b" * 60 + "Anna \n Mia" + "z" * 60 + "…",
        ),
    ],
)
def test_a_snippet_surrounds_the_match_in_the_original_text(text, term, shown):
    assert snippet(text, term) == shown


def test_the_database_knows_the_same_scripts_without_spaces():
    keys = (ROOT / "conversations/models/sql/search_keys.sql").read_text()
    found = "".join(re.findall(r"CONSTANT text := '\[(.*?)\]'", keys))
    assert re.sub(r"\\[uU]([0-9a-f]+)", lambda code: chr(int(code[1], 16)), found) == UNSPACED_RANGES


def test_the_inbox_page_knows_the_same_scripts_without_spaces():
    module = (ROOT / "inbox/frontend/core/url.mjs").read_text("utf-8")
    [found] = re.findall(r"UNSPACED =\s+/\[(.*?)\]/u;", module)
    assert re.sub(r"\\u\{?([0-9a-f]+)\}?", lambda code: chr(int(code[1], 16)), found) == UNSPACED_RANGES


@needs_node
def test_the_inbox_page_folds_the_same_way():
    """All letters of the scripts that customers write in, and all characters of the tables."""
    blocks = [
        (0x20, 0x700),
        (0x900, 0xF00),
        (0x1000, 0x10A0),
        (0x1780, 0x1800),
        (0x1E00, 0x2070),
        (0x3000, 0x302E),
        (0x3030, 0x3100),
    ]
    characters = [chr(code) for first, last in [*blocks, (0xFB00, 0xFFF0)] for code in range(first, last)]
    characters += [*TABLE, *(one.upper() for one in TABLE), *"東京한국⸂❶፩"]
    folded = map_in_node(ROOT / "inbox/frontend/core/folding.mjs", "fold", characters)
    assert {a: b for a, b in zip(characters, folded, strict=True) if b != fold(a)} == {}
