"""Where a list goes on, as `paging` says it."""

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.graph.errors import GraphError
from conversations.graph.readers.next_link import next_cursor, position_params

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=20)
ENDLESS_LINK = "https://graph.facebook.com/t_1/messages?access_token=EAAsecret&limit=25&until=1476721922"


def position_of(**paging):
    return next_cursor({"data": [], "paging": paging})


@pytest.mark.parametrize("paging", [None, {}, [], "x", {"cursors": {"after": "QVFI"}}, {"next": None}])
def test_list_ends_if_next_is_absent(paging):
    assert next_cursor({"data": [], "paging": paging}) is None


def test_empty_list_with_next_continues():
    assert position_of(cursors={"after": "A"}, next="https://x/?until=5") == "A"


def test_cursor_is_read_from_next_if_it_is_nowhere_else():
    position = position_of(next="http://elsewhere.example/v26.0/1/conversations?limit=5&after=QVFI%3D%3D")
    assert position == "QVFI=="
    assert position_params(position) == {"after": "QVFI=="}


@pytest.mark.parametrize(
    "link",
    [
        "https://x/?limit=5",
        "https://x/?access_token=A&fields=id&platform=instagram&appsecret_proof=1&method=delete",
        "https://x/?page_token=EAAB1234567890123456789&code=EAAB1234567890123456789",
        f"https://x/?until={'9' * 5000}",
        "", 0, {}, "http://[::1", "x?after=%00", "x?after=é",
    ],
)  # fmt: skip
def test_next_without_a_position_is_an_error(link):
    with pytest.raises(GraphError, match="no cursor"):
        position_of(next=link)


@pytest.mark.parametrize(
    "params",
    [
        {"until": "1476721922", "__paging_token": "enc_A"},
        {"since": "1476721922", "__previous": "1"},
        {"offset": "25", "__after_id": "m_1"},
        {"until": "2016-10-17T16:32:02+0000"},
    ],
)
def test_next_without_cursors_is_followed_by_its_own_parameters(params):
    ignored = {"access_token": "EAAsecret", "limit": "25", "fields": "id", "pretty": "0"}
    position = position_of(next=f"https://elsewhere.example/x?{urlencode(ignored | params)}")
    assert "EAA" not in position
    assert position_params(position) == params


def test_cursor_that_looks_like_parameters_is_still_a_cursor():
    position = position_of(cursors={"after": "?until=5"}, next="https://x/")
    assert position_params(position) == {"after": "?until=5"}


def test_top_of_a_list_needs_no_parameters():
    assert position_params(None) == position_params("") == {}


@given(st.dictionaries(st.sampled_from(["until", "since", "offset", "__paging_token"]), TEXT, min_size=1))
def test_any_parameters_of_a_link_come_back(params):
    assert position_params(position_of(next=f"{ENDLESS_LINK}&{urlencode(params)}")) == {
        "until": "1476721922",
        **params,
    }
