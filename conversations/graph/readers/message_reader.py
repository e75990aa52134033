"""Reads messages: those of a thread in batches, or a single one."""

import threading
from collections.abc import Sequence

from conversations.graph import fields
from conversations.graph.errors import NotFoundError
from conversations.graph.messages import Message
from conversations.graph.options import Hooks
from conversations.graph.readers.batch_size import AdaptiveBatchSize
from conversations.graph.readers.next_link import position_params
from conversations.graph.readers.requests import (
    FieldRequests,
    is_too_much,
    quote_id,
    request_in_size,
)
from conversations.graph.records import AS_USUAL, MessageBatch, Requested
from conversations.graph.response_checks import json_list, json_object

MAX_REMEMBERED_THREADS = 1000  # threads whose message batch size is remembered


class MessageReader:
    """Reads messages for a GraphClient, which describes the methods."""

    def __init__(self, requests: FieldRequests, hooks: Hooks, platform: str):
        self._requests, self._hooks = requests, hooks
        self._sizes = fields.message_sizes(platform)
        # Of threads whose messages must be requested in smaller batches, by thread ID.
        self._batch_sizes: dict[str, AdaptiveBatchSize[int]] = {}
        self._lock = threading.Lock()

    def batch(self, graph_id: str, *, after: str | None, limit: int | None = None) -> MessageBatch:
        """Return messages of a thread, newest first."""
        path, params = f"{quote_id(graph_id)}/messages", position_params(after)

        requested = AS_USUAL

        def names(core: bool) -> str:
            nonlocal requested
            requested = Requested(core=core)
            return fields.message(core=core)

        def request(size: int, tries: int) -> dict:
            count = min(size, limit) if limit else size
            return self._requests.get(path, params | {"limit": count}, json_list, names, tries)

        batch_size = self._batch_sizes.get(graph_id) or AdaptiveBatchSize(self._sizes)
        raw = request_in_size(batch_size, request, is_too_much)
        with self._hooks.parsing():
            batch = MessageBatch.from_graph(raw, requested)
        self._remember_size(graph_id, batch_size, is_end=batch.after is None)
        return batch

    def message(self, graph_id: str) -> Message:
        """Return one message. Raises NotFoundError."""
        path = quote_id(graph_id)
        raw = self._requests.get(path, {}, json_object, lambda core: fields.message(core=core))
        message = Message.from_graph(raw)
        if message is None:
            raise NotFoundError("Facebook's response does not contain the requested message.")
        return message

    def messages(self, graph_ids: Sequence[str]) -> dict[str, Message]:
        """Return several messages by ID. Raises if Facebook does not show one of them."""
        params = {"ids": ",".join(graph_ids)}
        raw = self._requests.get("", params, json_object, lambda core: fields.message(core=core))
        read = {graph_id: Message.from_graph(raw.get(graph_id)) for graph_id in graph_ids}
        return {graph_id: message for graph_id, message in read.items() if message is not None}

    def _remember_size(self, graph_id: str, batch_size: AdaptiveBatchSize[int], *, is_end: bool) -> None:
        with self._lock:
            if is_end or not batch_size.level:
                self._batch_sizes.pop(graph_id, None)
            elif graph_id in self._batch_sizes or len(self._batch_sizes) < MAX_REMEMBERED_THREADS:
                self._batch_sizes[graph_id] = batch_size
