"""What one call for a Page's conversations may ask for."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from conversations.graph import fields
from conversations.graph.client import GraphClient
from conversations.graph.errors import GraphError, Recovery, RefusedRequestError, TransientError
from conversations.graph.records import Conversation, ConversationBatch

NARROWING_CALLS = 16  # at most, to find out which fields are refused
LIGHT_LIMIT = 100
ENOUGH = 25  # conversations to compare other lists with


@dataclass(frozen=True)
class Field:
    node: Literal["conversation", "message"]
    text: str  # as it is asked for, with its own fields

    @property
    def name(self) -> str:
        return re.split(r"[.{]", self.text)[0]

    def __str__(self):
        return self.name if self.node == "conversation" else f"messages.{self.name}"


@dataclass
class Listing:
    """What one call for conversations may ask for, and the newest conversations."""

    conversations: list[Conversation]
    size: tuple[int, int]  # conversations, messages of each
    refused: list[Field] = field(default_factory=list)

    @property
    def refused_needed(self) -> list[Field]:
        """Those without which nothing useful can be stored."""
        needed = all_fields(core=True)
        return [one for one in self.refused if str(one) in {str(other) for other in needed}]


def probe_list(client: GraphClient, page_id: str, platform: str) -> Listing:
    """Raises the GraphError that says why this platform cannot be listed."""
    probe = _ListProbe(client, page_id, platform)
    batch = probe.run()
    conversations = batch.conversations
    if len(conversations) < ENOUGH and batch.after:  # too few to compare with
        conversations = light(client, page_id, platform=platform, limit=LIGHT_LIMIT).conversations
    return Listing(conversations, probe.size, probe.refused)


class _ListProbe:
    """Asks for everything first; for less only where that is refused."""

    def __init__(self, client: GraphClient, page_id: str, platform: str):
        self._client, self._page_id, self._platform = client, page_id, platform
        self._wanted, self._sizes = all_fields(core=False), list(fields.list_sizes(platform))
        self._narrowing_calls = NARROWING_CALLS
        self.refused: list[Field] = []

    @property
    def size(self) -> tuple[int, int]:
        return self._sizes[0]

    def run(self) -> ConversationBatch:
        while True:
            try:
                return self._ask(self._wanted, *self.size)
            except RefusedRequestError as error:
                self._narrow(error)
            except GraphError as error:
                self._shrink(error)

    def _ask(self, wanted: Sequence[Field], conversations: int, messages: int) -> ConversationBatch:
        return ConversationBatch.from_graph(
            self._client.get(
                f"{self._page_id}/conversations",
                platform=self._platform,
                limit=conversations,
                fields=asked(wanted, messages),
            )
        )

    def _shrink(self, error: GraphError) -> None:
        """Code 1 means too much where asking again did not help; that is slow, so by larger steps."""
        is_unknown = isinstance(error, TransientError) and error.code == 1
        is_too_much = error.recovery in (Recovery.SHRINK, Recovery.SKIP_MESSAGE)
        if not (is_unknown or is_too_much) or len(self._sizes) == 1:
            raise error
        del self._sizes[: len(self._sizes) // 2 if is_unknown else 1]

    def _narrow(self, error: RefusedRequestError) -> None:
        named = self._named(error)
        refused = [named] if named and self._spend() else self._search(error)
        self.refused += refused
        self._wanted = [one for one in self._wanted if one not in refused]

    def _named(self, error: RefusedRequestError) -> Field | None:
        """The field that Facebook names: "… nonexisting field (snippet) on node type (UnifiedThread)"."""
        found = re.search(r"field \((\w+)\)(?: on node type \((\w+)\))?", error.words)
        if not found:
            return None
        node = {"UnifiedThread": "conversation", "Message": "message"}.get(found[2])
        return next((one for one in self._wanted if (one.node, one.name) == (node, found[1])), None)

    def _search(self, error: RefusedRequestError) -> list[Field]:
        if not self._accepts([]):
            raise error  # it is not the fields
        refused = self._refused_among(self._wanted)
        if not refused:
            raise error
        return refused

    def _refused_among(self, some: list[Field]) -> list[Field]:
        """By halves: where few are refused, few calls find them."""
        if not some or self._accepts(some):
            return []
        if len(some) == 1:
            return some
        half = len(some) // 2
        return self._refused_among(some[:half]) + self._refused_among(some[half:])

    def _accepts(self, some: list[Field]) -> bool:
        """False, without a call, once there were enough of them: such a field is better left out."""
        if some and not self._spend():
            return False
        try:
            self._ask(some, 1, 1)
        except RefusedRequestError:
            return False
        return True

    def _spend(self) -> bool:
        self._narrowing_calls -= 1
        return self._narrowing_calls >= 0


def all_fields(*, core: bool) -> list[Field]:
    """But the id, which Graph tells in any case."""
    conversation = [Field("conversation", text) for text in _split(fields.light(core=core))]
    message = [Field("message", text) for text in _split(fields.message(core=core))]
    return [one for one in conversation + message if one.name != "id"]


def asked(wanted: Sequence[Field], messages: int) -> str:
    """The fields as Graph's parameter."""
    own = ["id", *(one.text for one in wanted if one.node == "conversation")]
    nested = ",".join(["id", *(one.text for one in wanted if one.node == "message")])
    return ",".join([*own, f"messages.limit({messages}){{{nested}}}"])


def _split(text: str) -> list[str]:
    """At the commas that stand in no braces."""
    return re.findall(r"[^,{]+(?:\{[^}]*\})?", text)


def light(client: GraphClient, page_id: str, **params: Any) -> ConversationBatch:
    """A list of ids and times only."""
    return ConversationBatch.from_graph(client.get(f"{page_id}/conversations", fields=fields.BARE, **params))
