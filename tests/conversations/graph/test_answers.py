"""What is read by type says the same as what is read as dicts."""

import json
import re
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.graph import fields
from conversations.graph.answers import TypedConversation, TypedMessage, parsed, parsed_conversations
from conversations.graph.messages import Message
from conversations.graph.records import Conversation, ConversationBatch
from tests.conversations.graph.test_records import ANSWER, ANY_TEXT, SAMPLES

TIMES = st.sampled_from(["2026-11-20T10:38:15+0000", "2026-11-20T10:38:15+0530", "2026-11-20 10:38:15+0000"])
PERSON = st.fixed_dictionaries({"id": st.sampled_from(["1", "2", ""]), "name": ANY_TEXT})
PEOPLE = st.fixed_dictionaries(
    {"data": st.lists(PERSON, max_size=2)}, optional={"paging": st.just({"next": "x"})}
)
KEPT = PEOPLE | ANY_TEXT | st.booleans() | st.none()
MESSAGE = st.fixed_dictionaries(
    {"id": ANY_TEXT, "created_time": TIMES},
    optional={
        "message": ANY_TEXT,
        "from": PERSON,
        "to": PEOPLE,
        "tags": PEOPLE,
        "shares": KEPT,
        "story": KEPT,
    }
    | {"attachments": st.fixed_dictionaries({"data": st.lists(PERSON, max_size=2)}), "sticker": KEPT},
)
CONVERSATION = st.fixed_dictionaries(
    {"id": ANY_TEXT, "updated_time": TIMES},
    optional={"messages": st.fixed_dictionaries({"data": st.lists(MESSAGE, max_size=3)})}
    | {
        "participants": PEOPLE,
        "senders": PEOPLE,
        "snippet": ANY_TEXT,
        "message_count": st.integers(-1, 2**70),
    }
    | {"unread_count": st.none() | st.integers(0, 9), "can_reply": st.booleans()},
)
USUAL = st.fixed_dictionaries({"data": st.lists(CONVERSATION, max_size=3)})


def said(batch: ConversationBatch) -> list[Any]:
    return [batch.after, batch.nameless, *map(of_one, batch.conversations)]


def of_one(record: Conversation) -> list[Any]:
    messages = record.messages
    return [
        [getattr(record, name) for name in ("id", "updated_time", "participants", "senders", "snippet")],
        [record.message_count, record.unread_count, record.can_reply, record.raw],
        messages and [messages.after, messages.unreadable],
        [
            [one.id, one.created_time, one.from_, one.message, one.attachments, one.to, one.rest]
            for one in (messages.messages if messages else ())
        ],
    ]


def both(content: bytes) -> list[Any]:
    found: list[Any] = []
    for parse in (parsed_conversations, parsed):
        try:
            found.append(said(ConversationBatch.from_graph(parse(content))))
        except Exception as error:  # both are to fail alike
            found.append(repr(error))
    return found


@given(USUAL | ANSWER, st.booleans(), st.booleans())
def test_both_ways_say_the_same(answer, is_ascii, is_wide):
    text = json.dumps(answer, ensure_ascii=is_ascii, indent=1 if is_wide else None)
    typed, plain = both(text.encode(errors="surrogatepass"))
    assert typed == plain


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"null",
        b'{"data": []}',
        b'{"data": [], "error": {"code": 1}}',
        b'{"data": [{"id": "t", "updated_time": "\xff"}]}',
        b'{"data": [{"id": "t", "updated_time": "soon", "participants": "\xff"}]}',
        b'{"data": [{"id": "t", "updated_time": "soon", "participants": 1e999}, 1, {"id": 5}]}',
        b'{"data": [{"id": "t", "updated_time": "soon", "participants": '
        + b"[" * 10**5
        + b"]" * 10**5
        + b"}]}",
        b'{"data": [{"id": "t", "updated_time": "soon", "snippet": "\\ud83d"}]}',
        b'{"data": [{"id": "t", "updated_time": "soon", "message_count": ' + b"9" * 5000 + b"}]}",
    ],
)
def test_odd_answers_are_read_as_before(content):
    typed, plain = both(content)
    assert typed == plain


def test_what_graph_usually_sends_is_read_by_type():
    content = (SAMPLES / "conversations.json").read_bytes()
    found = parsed_conversations(content)["data"]
    assert {type(record) for record in found} == {TypedConversation}
    assert found


def test_one_odd_conversation_does_not_cost_the_others_their_short_way():
    usual, odd = {"id": "t_1", "updated_time": ""}, {"id": "t_2", "updated_time": "", "new": [1]}
    found = parsed_conversations(json.dumps({"data": [usual, odd]}).encode())["data"]
    assert found == [TypedConversation("t_1", ""), odd]


def test_every_field_that_we_ask_for_is_read_by_type():
    def names(asked: str) -> set[str]:
        return set(re.sub(r"\{[^}]*\}", "", asked).split(","))

    def typed(struct: type) -> set[str]:
        return {field.encode_name for field in msgspec.structs.fields(struct)}

    assert names(fields.message(core=False)) == typed(TypedMessage)
    assert names(fields.light(core=False)) | {"messages"} == typed(TypedConversation)


@pytest.mark.parametrize(
    ("written", "kept"), [("2026-11-20T10:38:15+0000", True), ("2026-11-20T10:38:15+2000", False)]
)
def test_a_time_is_written_as_it_came_only_in_the_usual_zone(written, kept):
    message = Message.from_graph(TypedMessage("m_1", written))
    assert message is not None
    assert message.iso_time == (written if kept else "")
