"""Who confirms the name of the business, and how."""

import io
import sys

import pytest

from conversations.imports.archives.threads import ArchiveError, ArchiveOverview
from conversations.management.business_names import choose_names, terminal_question
from conversations.models import Page

pytestmark = pytest.mark.django_db


class Terminal(io.StringIO):
    def isatty(self):
        return True

    def write(self, text, ending="\n"):
        return super().write(text + ending)


def overview() -> ArchiveOverview:
    named_in = {"Bakery": 9, "Ana": 1, "Old Bakery": 1, "Uma": 9}
    return ArchiveOverview(
        "page", ["Uma", "Bakery"], 10, named_in=named_in, compared=10, former_names=["Old Bakery"]
    )


def answer(monkeypatch, text):
    stream = Terminal()
    monkeypatch.setattr(sys, "stdin", Terminal(text))
    return terminal_question(stream), stream


def test_a_person_at_the_terminal_chooses(monkeypatch):
    ask, stream = answer(monkeypatch, "n\nY\nyes\n")
    assert choose_names(overview(), Page(name="Shop"), [], ask) == ["Bakery", "Old Bakery"]
    assert 'Is "Bakery" (in 9 of 10 threads) the business of the Page Shop? [y/N]' in stream.getvalue()


@pytest.mark.parametrize("text", ["", "n\nn\n", "\n\n", "no idea\n\n"])
def test_anything_but_a_yes_imports_nothing(text, monkeypatch):
    ask, _ = answer(monkeypatch, text)
    with pytest.raises(ArchiveError, match="Nothing was imported"):
        choose_names(overview(), Page(name="Shop"), [], ask)


def test_nobody_is_asked_where_names_are_given(monkeypatch):
    ask, stream = answer(monkeypatch, "n\n")
    assert choose_names(overview(), Page(name="Shop"), ["bakery"], ask) == ["bakery"]
    assert stream.getvalue() == ""


def test_without_a_terminal_only_a_proven_name_is_taken(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    assert terminal_question(Terminal()) is None
    proven = overview()
    proven.business_names = ["Bakery"]
    assert choose_names(proven, Page(name="Bakery"), [], None) == ["Bakery"]
    with pytest.raises(
        ArchiveError, match=r'--business-name NAME. It may be "Bakery" \(in 9 of 10 threads\)'
    ):
        choose_names(proven, Page(name="Shop"), [], None)


def test_a_name_in_few_threads_is_refused():
    with pytest.raises(ArchiveError, match=r'Only 1 of 10 threads have the name "Ana".* It may be "Uma"'):
        choose_names(overview(), Page(name="Ana"), ["Ana"], None)
