import json

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from conversations.lib.text import clean, clean_json

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=40)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY_TEXT, inner, max_size=4),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("plain", "plain"),
        ("a\x00b", "a\ufffdb"),
        ("cut \ud83d", "cut \ufffd"),
        ("\udc00 cut", "\ufffd cut"),
        ("\ud83d\ude42", "🙂"),
        ("\u202eright to left\u200f", "\u202eright to left\u200f"),
    ],
)
def test_only_unstorable_characters_are_replaced(text, cleaned):
    assert clean(text) == cleaned


@given(ANY_TEXT)
def test_any_text_becomes_storable(text):
    cleaned = clean(text)
    assert "\x00" not in cleaned
    assert cleaned.encode().decode() == cleaned
    assert clean(cleaned) == cleaned


@given(ANY_JSON)
def test_any_json_becomes_storable(value):
    cleaned = clean_json(value)
    written = json.dumps(cleaned, allow_nan=False)
    assert "\\u0000" not in written.replace("\\\\", "")
    assert clean_json(cleaned) == cleaned


@pytest.mark.django_db
def test_postgresql_returns_the_stored_values():
    original = {"a\x00": ["\ud83d", 0.1, 10**40, float("nan"), float("-inf")], "🙂": {"\udc00": "\u0001"}}
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::text, %s::jsonb", [clean("x\x00\ud83d"), json.dumps(clean_json(original))])
        text, value = cursor.fetchone()
    assert text == "x\ufffd\ufffd"
    assert json.loads(value) == clean_json(original)
