"""Decoding to typed structs gives the same records as decoding to dicts."""

import json
import re
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.graph import fields
from conversations.graph.decoding import TypedConversation, TypedMessage, decode, decode_conversations
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
    | {"attachments": PEOPLE, "reactions": PEOPLE, "sticker": KEPT},
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


def batch_fields(batch: ConversationBatch) -> list[Any]:
    return [batch.after, batch.without_id, *map(record_fields, batch.conversations)]


def record_fields(record: Conversation) -> list[Any]:
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


def decode_both_ways(content: bytes) -> list[Any]:
    results: list[Any] = []
    for parse in (decode_conversations, decode):
        try:
            results.append(batch_fields(ConversationBatch.from_graph(parse(content))))
        except Exception as error:  # both ways must fail alike
            results.append(repr(error))
    return results


@given(USUAL | ANSWER, st.booleans(), st.booleans())
def test_typed_and_plain_decoding_give_equal_records(response, is_ascii, is_wide):
    text = json.dumps(response, ensure_ascii=is_ascii, indent=1 if is_wide else None)
    typed, plain = decode_both_ways(text.encode(errors="surrogatepass"))
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
def test_unusual_responses_are_decoded_alike(content):
    typed, plain = decode_both_ways(content)
    assert typed == plain


def test_usual_response_is_decoded_to_typed_structs():
    content = (SAMPLES / "conversations.json").read_bytes()
    records = decode_conversations(content)["data"]
    assert {type(record) for record in records} == {TypedConversation}
    assert records


def test_one_unusual_conversation_leaves_the_others_typed():
    usual, unusual = {"id": "t_1", "updated_time": ""}, {"id": "t_2", "updated_time": "", "new": [1]}
    records = decode_conversations(json.dumps({"data": [usual, unusual]}).encode())["data"]
    assert records == [TypedConversation("t_1", ""), unusual]


def test_every_requested_field_is_typed():
    def names(requested: str) -> set[str]:
        return set(re.sub(r"\{[^}]*\}", "", requested).split(","))

    def typed(struct: type) -> set[str]:
        return {field.encode_name for field in msgspec.structs.fields(struct)}

    assert names(fields.message(core=False)) == typed(TypedMessage)
    assert names(fields.without_messages(core=False)) | {"messages"} == typed(TypedConversation)


@pytest.mark.parametrize(
    ("created_time", "is_reused"), [("2026-11-20T10:38:15+0000", True), ("2026-11-20T10:38:15+2000", False)]
)
def test_received_time_is_reused_only_in_the_usual_zone(created_time, is_reused):
    message = Message.from_graph(TypedMessage("m_1", created_time))
    assert message is not None
    assert message.iso_time == (created_time if is_reused else "")
