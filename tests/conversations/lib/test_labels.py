import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.lib.labels import (
    MAX_NAME,
    OWN_LETTERS,
    InvalidName,
    clean_name,
    distinct_names,
    name_key,
    sort_key,
)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("  VIP \t\n guests ", "VIP guests"),
        ("VI\u200bP\ufeff", "VIP"),
        ("a \u200b b", "a b"),
        ("u\u0308", "ü"),
        ("u\u200d\u0308", "ü"),
        ("a\u00a0b\u3000c", "a b c"),
        ("❤\ufe0f", "❤"),
    ],
)
def test_name_is_stored_composed_visible_and_with_single_spaces(typed, stored):
    assert clean_name(typed) == stored


@pytest.mark.parametrize("name", ["", " ", "\u200b", "a\x07b", "\x00", "x" * 101, "\u0958" * 51])
def test_name_that_cannot_be_stored_is_refused(name):
    with pytest.raises(InvalidName):
        clean_name(name)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("İade", "iade"),
        ("\u0131ade", "IADE"),
        ("Straße", "STRASSE"),
        ("Été", "e\u0301t\u00e9"),
        ("I\u0307\u0301", "í"),
        ("ị\u0307", "ị"),
        ("VIP  x", "vip\u200b x"),
        ("ΣΟΦΟΣ", "σοφος"),
    ],
)
def test_same_names_have_one_key(one, other):
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(("one", "other"), [("Ete", "Été"), ("uber", "über"), ("sis", "şiş"), ("a b", "ab")])
def test_names_with_other_marks_are_others(one, other):
    assert name_key(one) != name_key(other)


def test_names_are_sorted_as_people_sort():
    names = ["!", "_", "2", "10", "äh", "Äh", "apfel", "Éclair", "eins", "İade", "Igel", "Ösen", "oz"]
    names += ["Tag 2", "Tag 10", "Zürich", "Привет"]
    assert sorted(set(names), key=sort_key) == names


@pytest.mark.parametrize(
    "names",
    [
        "иван игра ізюм їжак йод кот",
        "ёж еж ель єва жук",
        "nube nz ñandú oz",
        "cz čas ćma dz đak e",
        "uz ưa ứa v",
        "z žaba żaba þor æble øl å",
        "az ăn ặn b",
    ],
)
def test_letters_of_their_own_come_after_the_words_of_the_letter_before(names):
    assert sorted(names.split(), key=sort_key) == names.split()
    decomposed = unicodedata.normalize("NFD", names.upper()).split()
    assert sorted(decomposed, key=sort_key) == decomposed


def test_documented_letters_are_those_of_the_order(settings):
    text = (settings.BASE_DIR / "docs" / "api.md").read_text()
    assert [letters for letters in OWN_LETTERS.values() if f"`{' '.join(letters)}`" not in text] == []


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=MAX_NAME))
def test_stored_names_stay_as_they_are(text):
    try:
        stored = clean_name(text)
    except InvalidName:
        return
    assert clean_name(stored) == stored == unicodedata.normalize("NFC", stored)
    assert name_key(stored) == name_key(text) == name_key(name_key(stored))
    assert sort_key(stored)


def test_names_of_older_versions_become_distinct():
    names = ["iade", "İade", "iade (2)", "VIP\u200b", "vip", "\u200b", "x" * 100, "X" * 100]
    assert distinct_names(names) == [
        "iade", "İade (3)", "iade (2)", "VIP", "vip (2)", "Unnamed", "x" * 100, "X" * 96 + " (2)",
    ]  # fmt: skip
