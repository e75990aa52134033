"""The text of a saved reply for one customer."""

import pytest

from conversations.actions.reply_texts import (
    InvalidReply,
    clean_shortcut,
    clean_text,
    fill_in,
    use_reply,
    values_for,
)
from conversations.models import SavedReply
from tests.factories import ConversationFactory, PageFactory, UserFactory


@pytest.mark.parametrize(
    ("text", "filled", "missing"),
    [
        ("Hello {first_name}!", "Hello Ada!", []),
        ("{first_name} {last_name|}", "Ada ", []),
        ("Dear {last_name|customer}, {last_name}", "Dear customer, {last_name}", ["last_name"]),
        ("{ first_name } {x} {first_name|a|b}", "{ first_name } {x} {first_name|a|b}", []),
        ("{page_name}", "{my_name} & co", []),  # a value is no variable
    ],
)
def test_variables_are_filled_in(text, filled, missing):
    values = {"first_name": "Ada", "last_name": "", "page_name": "{my_name} & co", "my_name": "Ben"}
    assert fill_in(text, values) == (filled, missing)


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("José García Ruiz", "José", "García Ruiz"),
        ("  Ada ", "Ada", ""),
        ("Facebook User", "", ""),
        ("", "", ""),
    ],
)
def test_names_of_customers_have_a_first_and_a_last_part(db, name, first, last):
    page = PageFactory(name="Shop")
    row = ConversationFactory(page=page, sender_name=name)
    user = UserFactory(username="anna", first_name="Anna", last_name="Berg")
    values = values_for(row, user)
    assert (values["first_name"], values["last_name"]) == (first, last)
    assert (values["page_name"], values["my_name"]) == ("Shop", "Anna Berg")
    assert values_for(row, UserFactory(username="ben"))["my_name"] == "ben"


def test_a_use_is_counted(db):
    row, reply = ConversationFactory(), SavedReply.objects.create(name="Hello", text="Hi {full_name|there}")
    for _ in range(2):
        assert use_reply(reply, row, user=UserFactory()).text == f"Hi {row.sender_name}"
    reply.refresh_from_db()
    assert (reply.uses, reply.last_used_at is None) == (2, False)


def test_texts_and_shortcuts_are_stored_without_what_surrounds_them():
    assert clean_text("  Hi {first_name}\n") == "Hi {first_name}"
    assert (clean_shortcut(" /Straße "), clean_shortcut("")) == ("strasse", "")


@pytest.mark.parametrize("text", ["  ", "x" * 2001, "Hi {name}", "Hi {firstname|you}"])
def test_a_text_that_could_not_be_sent_is_refused(text):
    with pytest.raises(InvalidReply) as refused:
        clean_text(text)
    assert refused.value.field == "text"


@pytest.mark.parametrize("shortcut", ["two words", "a/b", "{x}", "x" * 31])
def test_a_shortcut_that_could_not_be_typed_is_refused(shortcut):
    with pytest.raises(InvalidReply):
        clean_shortcut(shortcut)
