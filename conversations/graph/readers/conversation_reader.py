"""Reads conversations, each with its newest messages: a list in batches, or a single one."""

from collections import deque

from msgspec.structs import replace

from conversations.graph import fields
from conversations.graph.capabilities import Capabilities
from conversations.graph.decoding import decode_conversations
from conversations.graph.errors import (
    AdvancedAccessError,
    GraphError,
    InvalidRequestError,
    NotFoundError,
    QueryTimeoutError,
    Recovery,
    StaleCursorError,
    is_unreadable,
)
from conversations.graph.http import HttpResponse
from conversations.graph.options import Hooks
from conversations.graph.readers import larger_lists
from conversations.graph.readers.batch_size import AdaptiveBatchSize
from conversations.graph.readers.larger_lists import LargerLists
from conversations.graph.readers.message_reader import MessageReader
from conversations.graph.readers.requests import (
    TRIES_IN_SMALLER_SIZE,
    FieldRequests,
    is_too_much,
    quote_id,
    request_in_size,
)
from conversations.graph.records import AS_USUAL, Conversation, ConversationBatch, Requested
from conversations.graph.response_checks import json_list, json_object
from conversations.graph.transport import Check

NO_ADVANCED_ACCESS = (
    "Instagram is not available for this Page: the app needs Advanced Access to instagram_manage_messages."
)
COUNT = {"summary": "total_count"}
REMEMBERED_ANSWERS = 8  # how long the slowest of them took is how long the next may take


class ConversationReader:
    """Reads conversations for a GraphClient, which describes the methods.

    A conversation that is too large even alone is read in parts by `messages`.
    """

    def __init__(
        self,
        requests: FieldRequests,
        messages: MessageReader,
        hooks: Hooks,
        platform: str,
        capabilities: Capabilities,
    ):
        self._requests, self._messages, self._hooks = requests, messages, hooks
        self._platform, self._capabilities = platform, capabilities
        self._larger = LargerLists(capabilities)
        # Of the last answers, by whether they were larger than usual.
        self._seconds = {is_large: deque([0.0], REMEMBERED_ANSWERS) for is_large in (False, True)}
        self._size = _list_size(platform, capabilities)
        self._returned = larger_lists.USUAL  # by the last full answer in the usual size

    def answer_seconds(self, *, is_large: bool) -> float:
        """How long an answer with a batch of conversations takes."""
        if is_large and self.list_size(is_large=True) > larger_lists.USUAL:
            return max(self._larger.expected_seconds, *self._seconds[True].copy())
        return max(self._seconds[False].copy())

    def list_size(self, *, is_large: bool) -> int:
        """How many conversations a batch has, if there are so many."""
        if is_large and self._is_usual:
            return self._larger.size
        return min(self._size.size[0], self._returned)

    @property
    def _is_usual(self) -> bool:
        """Whether Facebook returns at least the usual number."""
        return self._size.size[0] == larger_lists.USUAL <= self._returned

    def batch(
        self, page_id: str, params: dict, *, count: bool = False, is_large: bool = False
    ) -> ConversationBatch:
        """Return conversations of a Page, newest first. `params` say which, in Graph's own names.

        With `count` also the number of all that these parameters list, if Facebook says so. With `is_large`
        more are requested than usual, if Facebook returns them.
        """
        read = self._large_batch if is_large else self._batch
        if not count or self._capabilities.counts is False:
            return read(page_id, params)
        try:
            batch = read(page_id, params | COUNT)
        except InvalidRequestError:
            batch = read(page_id, params)
            self._capabilities.counts = False  # now it is certain that the count was refused
        if batch.total is not None:
            self._capabilities.counts = True
        return batch

    def _large_batch(self, page_id: str, params: dict) -> ConversationBatch:
        """Request as many as Facebook returns; after failures fewer, finally the usual number."""
        while self._is_usual and (limit := self._larger.take()) > larger_lists.USUAL:
            try:
                return self._batch_of(page_id, params, (limit, self._size.size[1]), tries=1)
            except GraphError as error:
                if is_too_much(error) and error.recovery is not Recovery.SKIP_MESSAGE:
                    self._larger.failed(limit)
                    continue
                self._larger.gave_no_answer()
                if error.stops or isinstance(error, InvalidRequestError | StaleCursorError):
                    raise
                break
        return self._batch(page_id, params)

    def _batch_of(self, page_id: str, params: dict, size: tuple[int, int], tries: int) -> ConversationBatch:
        """Return at most `size` (conversations, messages of each), or raise."""
        limit, messages = size
        requested, received = AS_USUAL, HttpResponse(200, {}, None)

        def names(core: bool) -> str:
            nonlocal requested
            requested = Requested(messages, core)
            return fields.conversation(messages, core=core)

        def on_response(response: HttpResponse) -> None:
            nonlocal received
            received = response

        raw = self._requests.get(
            f"{quote_id(page_id)}/conversations",
            {"platform": self._platform} | params | {"limit": limit},
            json_list,
            names,
            tries,
            decode_conversations,
            on_response,
        )
        with self._hooks.parsing():
            batch = ConversationBatch.from_graph(raw, requested)
        self._observe(limit, batch, received)
        return batch

    def _observe(self, limit: int, batch: ConversationBatch, response: HttpResponse) -> None:
        """Remember how long an answer took, and how many conversations Facebook returned."""
        self._seconds[limit > larger_lists.USUAL].append(response.seconds)
        if limit == larger_lists.USUAL and batch.after is not None and batch.conversations:
            self._returned = len(batch.conversations) + batch.without_id
        self._larger.returned(limit, batch, response)

    def _batch(self, page_id: str, params: dict) -> ConversationBatch:
        def may_shrink(error: GraphError) -> bool:
            # Something not found may be one item of the list, unless it is the Page itself.
            return is_too_much(error) or (isinstance(error, NotFoundError) and page_id not in error.text)

        try:
            return request_in_size(
                self._size, lambda size, tries: self._batch_of(page_id, params, size, tries), may_shrink
            )
        except GraphError as error:
            if not may_shrink(error):
                raise
        try:
            path = f"{quote_id(page_id)}/conversations"
            return self._batch_without_messages(path, {"platform": self._platform} | params)
        except QueryTimeoutError as error:
            if self._platform != "instagram":
                raise
            raise _advanced_access_error(error) from None

    def conversation(self, graph_id: str) -> Conversation:
        """Return one conversation with its newest messages. Raises NotFoundError."""
        path = quote_id(graph_id)
        messages = self._size.size_at(0)[1]
        requested = AS_USUAL

        def names(core: bool) -> str:
            nonlocal requested
            requested = Requested(messages, core)
            return fields.conversation(messages, core=core)

        try:
            raw = self._requests.get(path, {}, json_object, names)
            record = Conversation.from_graph(raw, requested)
        except GraphError as error:
            if not is_too_much(error):
                raise
            record = Conversation.from_graph(self._get_without_messages(path, {}, json_object))
            record = record and self._with_messages(record)
        if record is None:
            raise NotFoundError("Facebook's response does not contain the requested conversation.")
        return record

    def _batch_without_messages(self, path: str, params: dict) -> ConversationBatch:
        """Return a batch of the one conversation that is too large, with its messages read separately."""
        raw = self._get_without_messages(path, params | {"limit": 1}, json_list)
        batch = ConversationBatch.from_graph(raw)
        return replace(batch, conversations=[self._with_messages(record) for record in batch.conversations])

    def _get_without_messages(self, path: str, params: dict, check: Check) -> dict:
        try:
            return self._requests.get(
                path,
                params,
                check,
                lambda core: fields.without_messages(core=core),
                tries=TRIES_IN_SMALLER_SIZE,
            )
        except GraphError as error:
            if not is_too_much(error):
                raise
            return self._requests.get(path, params, check, lambda core: fields.ID_ONLY)

    def _with_messages(self, record: Conversation) -> Conversation:
        try:
            return replace(record, messages=self._messages.batch(record.id, after=None))
        except GraphError as error:
            if error.stops:
                raise
            if is_unreadable(error):
                return replace(record, problem=error.text)  # without the trace, which differs each time
            return record  # `messages` stays None: they must be requested again


def _advanced_access_error(error: QueryTimeoutError) -> AdvancedAccessError:
    result = AdvancedAccessError(
        f"{NO_ADVANCED_ACCESS} {error.text}",
        code=error.code,
        subcode=error.subcode,
        trace=error.trace,
        advice=NO_ADVANCED_ACCESS,
    )
    result.user_text = error.user_text
    return result


def _list_size(platform: str, capabilities: Capabilities) -> AdaptiveBatchSize[tuple[int, int]]:
    """Start at the remembered size, if it is still one of the sizes."""
    sizes = fields.list_sizes(platform)
    size = tuple(capabilities.size or ())
    level = sizes.index(size) if size in sizes else 0

    def remember(size: tuple[int, int]) -> None:
        capabilities.size = list(size)

    return AdaptiveBatchSize(sizes, level=level, on_change=remember)
