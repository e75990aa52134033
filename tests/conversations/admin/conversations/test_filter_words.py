import pytest

from conversations.admin.conversations.filter_words import PLACE_WORDS, filter_words
from conversations.admin.formatting import SEARCH_PLACES
from conversations.lib.attachment_kinds import KINDS_BY_NAME


@pytest.mark.parametrize("kind", KINDS_BY_NAME)
def test_each_kind_of_attachment_has_words(kind):
    assert filter_words({"has_attachment": kind}, []) == f"With {kind}"


def test_each_place_of_a_search_has_words():
    assert PLACE_WORDS.keys() == SEARCH_PLACES.keys()
    assert filter_words({"search": "late", "search_in": "all"}, []) == "“late” in names and all messages"
    assert filter_words({"search": "50 %s"}, []) == "“50 %s”"


def test_people_have_words():
    query = {"assignee": "none", "mentioned": "7"}
    assert filter_words(query, []) == "Unassigned, Mentions user 7"
