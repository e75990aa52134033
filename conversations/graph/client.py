"""The Graph client: requests conversations and messages of a Page, and returns them as records."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

from conversations.graph.call_budget import Budget, ProcessBudget
from conversations.graph.capabilities import Capabilities
from conversations.graph.options import GraphOptions, Hooks
from conversations.graph.readers.conversation_reader import ConversationReader
from conversations.graph.readers.larger_lists import USUAL
from conversations.graph.readers.message_reader import MessageReader
from conversations.graph.readers.next_link import position_params
from conversations.graph.readers.requests import FieldRequests, follow_cursors, without_none
from conversations.graph.records import Conversation, ConversationBatch, Message, MessageBatch
from conversations.graph.response_checks import any_json, json_object
from conversations.graph.transport import MAX_TRIES, Transport

# In progress where there is no limit, with answers in the usual size or larger: the writer is busy then.
UNLIMITED_PARALLEL_CALLS, UNLIMITED_LARGE_CALLS = 4.0, 2.0
MAX_PARALLEL_CALLS = 12.0  # each costs memory


class Pace(NamedTuple):
    """How many calls must be in progress, and how many conversations an answer has if there are so many."""

    parallel_calls: float = 1.0
    list_size: int = 1


class GraphClient:
    """Requests for one Page with one token on one platform. Safe to use from several threads.

    Requests start as `options` and the `budget` allow, which other processes may share. Transient errors are
    retried, and rate limits are waited for. `capabilities` is what is known of this Page and platform; what
    the client finds out is recorded there. `hooks` follow and end the work.

    Raises the errors of graph/errors.py, those that the hooks raise, and no others.
    """

    def __init__(
        self,
        token: str,
        options: GraphOptions,
        hooks: Hooks | None = None,
        *,
        budget: Budget | None = None,
        capabilities: Capabilities | None = None,
    ):
        hooks = hooks or Hooks()
        self.capabilities = capabilities or Capabilities()
        self._transport = Transport(token, options, hooks, budget or ProcessBudget())
        requests, platform = FieldRequests(self._transport, self.capabilities), options.platform
        self._messages = MessageReader(requests, hooks, platform)
        self._conversations = ConversationReader(requests, self._messages, hooks, platform, self.capabilities)

    @property
    def request_count(self) -> int:
        """The number of requests made so far."""
        return self._transport.request_count

    def pace(self, *, is_large: bool) -> Pace:
        """Return how conversations are to be requested to keep the permitted pace, as is known by now."""
        gap, seconds = self._transport.gap_seconds, self._conversations.answer_seconds(is_large=is_large)
        size = self._conversations.list_size(is_large=is_large)
        if gap:
            return Pace(min(max(seconds / gap, 1), MAX_PARALLEL_CALLS), size)
        return Pace(UNLIMITED_LARGE_CALLS if size > USUAL else UNLIMITED_PARALLEL_CALLS, size)

    def close(self) -> None:
        self._transport.close()

    # -- anything ------------------------------------------------------------------------------------------
    def get(self, path: str, **params: Any) -> dict:
        """Return the JSON object that Graph sends for GET {path}."""
        return self._transport.request("GET", quote(path, errors="replace"), params, check=json_object)

    def post(self, path: str, *, tries: int = MAX_TRIES, **form: Any) -> Any:
        """Return the JSON that Graph sends for POST {path}. The form is sent in the body, not in the URL."""
        return self._transport.request(
            "POST", quote(path, errors="replace"), form, check=any_json, tries=tries
        )

    def delete(self, path: str, **params: Any) -> Any:
        """Return the JSON that Graph sends for DELETE {path}."""
        return self._transport.request("DELETE", quote(path, errors="replace"), params, check=any_json)

    # -- conversations -------------------------------------------------------------------------------------
    def conversation_batch(
        self,
        page_id: str,
        *,
        after: str | None = None,
        folder: str | None = None,
        updated_after_ms: int | None = None,
        updated_before_ms: int | None = None,
        count: bool = False,
        is_large: bool = False,
    ) -> ConversationBatch:
        """Return at most 100 conversations, newest first, each with its newest messages.

        `is_large`: many conversations are to be read, so more are requested at once if Facebook returns more
        (see readers/larger_lists.py). With `count` also how many there are within the bounds, if
        Facebook says so.

        If that is too much for Facebook, a smaller size is requested at the same position. A conversation
        that is too large even alone is read in parts; `problem` says what remains impossible. Raises
        InvalidRequestError if `folder` or a bound is refused, and StaleCursorError if the position is lost.
        """
        params = without_none(
            folder=folder,
            updated_after_ms=updated_after_ms,
            updated_before_ms=updated_before_ms,
        )
        return self._conversations.batch(
            page_id, params | position_params(after), count=count, is_large=is_large
        )

    def conversations(self, page_id: str, *, after: str | None = None) -> Iterator[ConversationBatch]:
        """Yield all conversations of the Page in batches, starting at this cursor."""
        return follow_cursors(lambda cursor: self.conversation_batch(page_id, after=cursor), after)

    def conversation(self, graph_id: str) -> Conversation:
        """Return one conversation with its newest messages. Raises NotFoundError."""
        return self._conversations.conversation(graph_id)

    # -- messages ------------------------------------------------------------------------------------------
    def message_batch(
        self, graph_id: str, *, after: str | None = None, limit: int | None = None
    ) -> MessageBatch:
        """Return at most 100 (Instagram: 20) messages of a thread, newest first, or at most `limit`."""
        return self._messages.batch(graph_id, after=after, limit=limit)

    def message(self, graph_id: str) -> Message:
        """Return one message. Raises NotFoundError if Facebook no longer shows it."""
        return self._messages.message(graph_id)

    def messages_by_id(self, graph_ids: Sequence[str]) -> dict[str, Message]:
        """Return at most 50 messages in one request. One that Facebook does not show fails them all."""
        return self._messages.messages(graph_ids)

    def messages(self, graph_id: str, *, after: str | None = None) -> Iterator[MessageBatch]:
        """Yield the messages of a thread in batches, newest first, from this cursor to the oldest."""
        return follow_cursors(lambda cursor: self.message_batch(graph_id, after=cursor), after)
