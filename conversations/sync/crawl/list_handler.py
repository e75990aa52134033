"""Handles the answers of lists: stores them, moves the checkpoints and decides what is read next."""

from collections.abc import Iterator

from conversations.graph.errors import GraphError, InvalidRequestError
from conversations.graph.records import ConversationBatch
from conversations.sync.crawl.context import CrawlContext
from conversations.sync.crawl.folders import FolderCheck, FolderKind, is_refusal
from conversations.sync.crawl.head_reads import HeadReads
from conversations.sync.crawl.list_calls import ListCall, ProbeCall
from conversations.sync.crawl.list_reader import ListReader
from conversations.sync.crawl.list_state import REST, ListState, list_key, newest_time
from conversations.sync.crawl.unfinished_lists import UnfinishedLists
from conversations.sync.crawl.worker_pool import QUEUE_SIZE, Call
from conversations.sync.stored_state import Checkpoint, UnfinishedList, read_checkpoints

MAX_ANSWERS_PER_COMMIT = QUEUE_SIZE  # answers of one list that wait together share a transaction
MAX_THREADS_PER_COMMIT = 400  # in them, so that a transaction stays short where answers are large


class ListHandler:
    """All lists of one crawl. Its methods are called by the writer's thread."""

    def __init__(self, context: CrawlContext, folders: FolderCheck, heads: HeadReads):
        self._context, self._folders, self._heads = context, folders, heads
        self._unfinished = UnfinishedLists(context)
        self._states: dict[str, ListState] = {}
        # Of the lists that an earlier run began and this one has not started yet.
        self._earlier = read_checkpoints(context.run.checkpoint)
        self._early_calls: list[ListCall] = []  # of folders, until the first answer of the inbox is known

    def start(self, platform: str, folder: str | None) -> ListState:
        """Start to read a list, or resume it where an earlier run stopped."""
        checkpoint = self._earlier.pop(list_key(platform, folder), None)
        if checkpoint is None or checkpoint.head is None:  # an empty list shows new threads only at its top
            checkpoint = Checkpoint()
        reader = self._reader(platform, folder, checkpoint)
        state = ListState(platform, folder, checkpoint, reader)
        self._states[state.key] = state
        if not checkpoint.is_complete:
            self._context.pool.add(platform, reader)
        return state

    def start_rests(self) -> list[ListState]:
        """Read on where lists that never ended were left."""
        return [self._start_rest(*each) for each in self._unfinished.to_continue(self._states)]

    def _start_rest(self, platform: str, folder: str | None, entry: UnfinishedList) -> ListState:
        key = list_key(platform, folder) + REST
        checkpoint = self._earlier.pop(key, None) or entry.checkpoint or Checkpoint()
        reader = ListReader.resume(
            self._context.list_source(platform, folder),
            checkpoint,
            windows=bool(self._context.capabilities[platform].windows),
            stop_second=entry.down_to,
            is_second_stored=False,
        )
        state = self._states[key] = ListState(platform, folder, checkpoint, reader, is_rest=True)
        self._context.pool.add(platform, reader)
        return state

    def _reader(self, platform: str, folder: str | None, checkpoint: Checkpoint) -> ListReader:
        source, context = self._context.list_source(platform, folder), self._context
        second, is_stored = context.watermark_second(platform, folder), context.is_second_stored
        windows = context.capabilities[platform].windows
        if folder:  # the inbox alone tests time bounds: one call is enough
            windows = bool(windows)
        if checkpoint.head is not None:
            return ListReader.resume(
                source, checkpoint, windows=windows, stop_second=second, is_second_stored=is_stored
            )
        if second is not None:
            return ListReader.since(source, second, is_second_stored=is_stored)
        return ListReader.full(source, windows=windows)

    def finish(self, state: ListState) -> None:
        """Handle the end of a list, or of its head if other lists took longer than both."""
        if state.is_reading_head:
            self._heads.finish(state)
        else:
            state.keep_left()
            state.needs_head = not state.is_rest and (state.needs_head or state.calls > 1)
            is_complete = state.platform not in self._context.failures and not state.reader.is_unfinished
            state.checkpoint.is_complete = is_complete

    def finish_all(self) -> None:
        """Keep what is left of lists that never ended, and count those that this run did not read on."""
        for state in self._states.values():
            self._unfinished.finish(state)
        self._unfinished.count_unread()

    # -- answers -------------------------------------------------------------------------------------------
    def handle(self, call: ListCall | ProbeCall) -> None:
        """Handle one answer of any list."""
        self._start_head_of(call)
        state = next((each for each in self._states.values() if each.reader is call.source), None)
        if state is None:
            return
        if isinstance(call, ProbeCall):
            self._handle_probe(state, call)
        elif self._is_early(state):
            self._early_calls.append(call)
        else:
            self._handle_answer(state, call)

    def _handle_probe(self, state: ListState, call: ProbeCall) -> None:
        if not call.error or isinstance(call.error, InvalidRequestError):
            self._context.capabilities[state.platform].windows = state.reader.windows

    def _handle_answer(self, state: ListState, call: ListCall) -> None:
        if isinstance(call.value, ConversationBatch):
            self._handle_batch(state, call, call.value)
        if state.reader.is_distrusted:
            self._context.capabilities[state.platform].windows = False
        if call.endless:
            self._unfinished.leave(state, call.endless)
        if call.end_reason:
            self._fail(state, call.end_reason)

    def _start_head_of(self, call: Call) -> None:
        """Switch a list to its head if this is the head's first answer."""
        for state in self._states.values():
            if state.head_reader is not None and state.head_reader is call.source:
                state.switch_to_head(state.head_reader, self._context.writer.changes)

    def _is_early(self, state: ListState) -> bool:
        """Whether an answer of a folder must wait until the inbox shows whether it is a duplicate."""
        is_decided = self._folders.has_inbox(state.platform) or state.platform in self._context.failures
        return bool(state.folder) and not (is_decided or state.is_rest)

    def _handle_batch(self, state: ListState, call: ListCall, batch: ConversationBatch) -> None:
        if call.is_first_page and self._open_list(state, batch) is FolderKind.DUPLICATE:
            return
        writer = self._context.writer
        changes = writer.changes
        self._store(state, [(call, batch), *self._more_of(call, batch)])
        self._heads.start_early(state)
        if call.needs_outcome:
            self._context.pool.update(lambda: state.reader.on_outcome(changed=writer.changes > changes))

    def _open_list(self, state: ListState, batch: ConversationBatch) -> FolderKind:
        """Use the first answer of a list: go on reading it, unless it is the inbox under another name."""
        state.newest = newest_time(batch)
        kind = self._folders.classify(state, batch)
        match kind:
            case FolderKind.INBOX:
                self._folders.add_inbox(state.platform, batch)
                self._handle_early_calls()
            case FolderKind.DUPLICATE:
                state.calls += 1
                self._folders.remember(state, kind)
                self._context.pool.update(state.reader.abandon)
            case FolderKind.OWN:
                self._folders.remember(state, kind)
                if not state.is_reading_head:
                    self._context.pool.update(state.reader.confirm)
        return kind

    def _handle_early_calls(self) -> None:
        calls, self._early_calls = self._early_calls, []
        for call in calls:
            self.handle(call)

    def _more_of(
        self, call: ListCall, batch: ConversationBatch
    ) -> Iterator[tuple[ListCall, ConversationBatch]]:
        """Take the next answers of the same list from the queue: fewer transactions if the writer is slow."""
        threads = len(batch.conversations)
        for _ in range(MAX_ANSWERS_PER_COMMIT - 1):
            if threads >= MAX_THREADS_PER_COMMIT:
                return
            more = self._context.pool.next_call_if(lambda item: _can_share_commit(item, call))
            if not isinstance(more, ListCall):
                return
            threads += len(more.value.conversations)
            yield more, more.value

    def _store(self, state: ListState, answers: list[tuple[ListCall, ConversationBatch]]) -> None:
        state.calls += len(answers)
        if not state.is_reading_head:
            for call, batch in answers:
                self._move_checkpoint(state, call, batch)
        if state.folder and state.reader.is_over and not any(map(_shows_any, answers)):
            return  # an empty folder: that it was read is saved with the next answer, or at the end
        backfills = self._context.writer.save_threads(
            [record for _, batch in answers for record in batch.conversations],
            state.platform,
            [row for call, _ in answers for row in call.rows],
            has_spare_calls=state.calls == 1 and state.reader.is_over,
        )
        self._context.add_backfills(state.platform, backfills)

    def _move_checkpoint(self, state: ListState, call: ListCall, batch: ConversationBatch) -> None:
        """Write the point to resume from into the run, which is saved together with the batch."""
        state.move_checkpoint(call)
        begun = self._earlier | {each.key: each.checkpoint for each in self._states.values()}
        self._context.run.checkpoint = {key: checkpoint.as_json() for key, checkpoint in begun.items()}
        if count := batch.without_id:
            items = "1 item" if count == 1 else f"{count} items"
            self._context.writer.skip(count, f"Facebook listed {items} without an ID.")

    def _fail(self, state: ListState, error: GraphError) -> None:
        if not isinstance(error, GraphError):
            raise error
        if state.folder and is_refusal(error):
            self._folders.remember(state, FolderKind.REFUSED)
        else:
            self._context.fail(state.platform, error)


def _shows_any(answer: tuple[ListCall, ConversationBatch]) -> bool:
    return bool(answer[1].conversations or answer[1].without_id)


def _can_share_commit(item: Call, call: ListCall) -> bool:
    """Whether an item is another answer of the same list, neither its first nor its last, and only stored."""
    return (
        isinstance(item, ListCall)
        and item.source is call.source
        and isinstance(item.value, ConversationBatch)
        and not any(
            each.is_first_page or each.needs_outcome or each.end_reason or each.endless
            for each in (call, item)
        )
    )
