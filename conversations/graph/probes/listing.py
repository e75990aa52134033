"""Finds out which fields and how many conversations one request for a Page's conversations may have."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from conversations.graph import fields
from conversations.graph.client import GraphClient
from conversations.graph.errors import GraphError, InvalidRequestError, Recovery, TransientError
from conversations.graph.records import Conversation, ConversationBatch

MAX_FIELD_CALLS = 16  # to find out which fields are refused
ID_LIST_LIMIT = 100
ENOUGH_TO_COMPARE = 25  # conversations to compare other lists with


@dataclass(frozen=True)
class Field:
    node: Literal["conversation", "message"]
    text: str  # as requested, with its nested fields

    @property
    def name(self) -> str:
        return re.split(r"[.{]", self.text)[0]

    def __str__(self):
        return self.name if self.node == "conversation" else f"messages.{self.name}"


@dataclass
class Listing:
    """The largest request for conversations that succeeded, and the newest conversations."""

    conversations: list[Conversation]
    size: tuple[int, int]  # conversations, messages of each
    refused: list[Field] = field(default_factory=list)
    has_more: bool = False  # the list goes on behind them

    @property
    def refused_required(self) -> list[Field]:
        """The refused fields without which nothing useful can be stored."""
        required = {str(one) for one in all_fields(core=True)}
        return [one for one in self.refused if str(one) in required]


def probe_list(client: GraphClient, page_id: str, platform: str) -> Listing:
    """Return what this platform allows. Raises the GraphError that says why it cannot be listed."""
    probe = _ListProbe(client, page_id, platform)
    batch = probe.run()
    conversations = batch.conversations
    if len(conversations) < ENOUGH_TO_COMPARE and batch.after:  # too few to compare other lists with
        conversations = list_ids(client, page_id, platform=platform, limit=ID_LIST_LIMIT).conversations
    return Listing(conversations, probe.size, probe.refused, batch.after is not None)


class _ListProbe:
    """Requests everything first, and less only if that is refused."""

    def __init__(self, client: GraphClient, page_id: str, platform: str):
        self._client, self._page_id, self._platform = client, page_id, platform
        self._fields, self._sizes = all_fields(core=False), list(fields.list_sizes(platform))
        self._field_calls_left = MAX_FIELD_CALLS
        self.refused: list[Field] = []

    @property
    def size(self) -> tuple[int, int]:
        return self._sizes[0]

    def run(self) -> ConversationBatch:
        while True:
            try:
                return self._request(self._fields, *self.size)
            except InvalidRequestError as error:
                self._drop_refused(error)
            except GraphError as error:
                self._shrink(error)

    def _request(self, requested: Sequence[Field], conversations: int, messages: int) -> ConversationBatch:
        return ConversationBatch.from_graph(
            self._client.get(
                f"{self._page_id}/conversations",
                platform=self._platform,
                limit=conversations,
                fields=fields_parameter(requested, messages),
            )
        )

    def _shrink(self, error: GraphError) -> None:
        """Code 1 or a time-out that remains after retries means too much. Retries are slow: larger steps."""
        is_unknown = isinstance(error, TransientError) and (error.code == 1 or error.timed_out)
        is_too_much = error.recovery in (Recovery.SHRINK, Recovery.SKIP_MESSAGE)
        if not (is_unknown or is_too_much) or len(self._sizes) == 1:
            raise error
        del self._sizes[: len(self._sizes) // 2 if is_unknown else 1]

    def _drop_refused(self, error: InvalidRequestError) -> None:
        named = self._named_field(error)
        refused = [named] if named and self._count_call() else self._search(error)
        self.refused += refused
        self._fields = [one for one in self._fields if one not in refused]

    def _named_field(self, error: InvalidRequestError) -> Field | None:
        """Return the field in a text such as "… nonexisting field (snippet) on node type (UnifiedThread)"."""
        match = re.search(r"field \((\w+)\)(?: on node type \((\w+)\))?", error.text)
        if not match:
            return None
        node = {"UnifiedThread": "conversation", "Message": "message"}.get(match[2])
        return next((one for one in self._fields if (one.node, one.name) == (node, match[1])), None)

    def _search(self, error: InvalidRequestError) -> list[Field]:
        if not self._try_fields([]):
            raise error  # the fields are not the reason
        refused = self._refused_among(self._fields)
        if not refused:
            raise error
        return refused

    def _refused_among(self, some: list[Field]) -> list[Field]:
        """Bisect, so that few requests find few refused fields."""
        if not some or self._try_fields(some):
            return []
        if len(some) == 1:
            return some
        half = len(some) // 2
        return self._refused_among(some[:half]) + self._refused_among(some[half:])

    def _try_fields(self, some: list[Field]) -> bool:
        """Request these fields. Return False if they are refused, or if no calls are left to find out."""
        if some and not self._count_call():
            return False
        try:
            self._request(some, 1, 1)
        except InvalidRequestError:
            return False
        return True

    def _count_call(self) -> bool:
        self._field_calls_left -= 1
        return self._field_calls_left >= 0


def all_fields(*, core: bool) -> list[Field]:
    """Return all fields but `id`, which Graph always sends."""
    conversation = [Field("conversation", text) for text in _split(fields.without_messages(core=core))]
    message = [Field("message", text) for text in _split(fields.message(core=core))]
    return [one for one in conversation + message if one.name != "id"]


def fields_parameter(requested: Sequence[Field], messages: int) -> str:
    """Return the fields as the value of Graph's `fields` parameter."""
    own = ["id", *(one.text for one in requested if one.node == "conversation")]
    nested = ",".join(["id", *(one.text for one in requested if one.node == "message")])
    return ",".join([*own, f"messages.limit({messages}){{{nested}}}"])


def _split(text: str) -> list[str]:
    """Split at the commas outside braces."""
    return re.findall(r"[^,{]+(?:\{[^}]*\})?", text)


def list_ids(client: GraphClient, page_id: str, **params: Any) -> ConversationBatch:
    """Return the conversations with nothing but their IDs and times."""
    return ConversationBatch.from_graph(
        client.get(f"{page_id}/conversations", fields=fields.ID_ONLY, **params)
    )
