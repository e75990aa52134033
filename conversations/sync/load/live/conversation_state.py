"""A conversation while changes are applied to it: newest message, counters, what the customer saw."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import connection
from django.utils import timezone

from conversations.lib.sql_files import read_statements
from conversations.lib.text import as_json
from conversations.models import Conversation, InteractionEvent
from conversations.sync.load.live.changes import Mark
from conversations.sync.load.live.last_message import LastMessage, move_tag_rows, read_last_messages
from conversations.sync.load.live.message_state import MessageState
from conversations.sync.load.reconcile import differs, unsaved_conversation
from conversations.sync.load.states.read_state import recount
from conversations.sync.load.states.snoozes import BY_MESSAGE, end_snoozes
from conversations.sync.load.transform import search_text
from conversations.sync.load.upsert import write_conversations

STATEMENTS = read_statements(__file__)
EARLIEST = datetime.min.replace(tzinfo=UTC)
LIVE_COLUMNS = ("seen_until", "delivered_until", "unsent_at", "referral", "referred_at", "ad_id")
MAX_AD_ID = 100  # characters; Facebook's have digits only
Kind, Status = InteractionEvent.Kind, Conversation.Status


class ConversationState:
    def __init__(self, row: Conversation):
        self.row = row
        self.new = unsaved_conversation(row)
        self.live: dict[str, Any] = {}  # the LIVE_COLUMNS that change
        self.needs_last_message = self.needs_recount = self.is_woken = False

    def mark(self, mark: Mark, moment: datetime) -> None:
        """An older mark after a newer one changes nothing."""
        self._raise(f"{mark.kind}_until", mark.until or moment)

    def refer(self, referral: dict[str, str], moment: datetime) -> None:
        """The newest referral stands on the conversation; of equal times, the one that sorts last."""
        current = self._value("referred_at"), as_json(self._value("referral") or {})
        if (current[0] or EARLIEST, current[1]) < (moment, as_json(referral)):
            ad_id = referral.get("ad_id", "")[:MAX_AD_ID] or None
            self.live |= {"referral": referral, "referred_at": moment, "ad_id": ad_id}

    def take(self, messages: Iterable[MessageState]) -> None:
        """Count new messages, and note whether another message may be the newest one now."""
        known_until = self.row.last_message_time or EARLIEST
        messages = list(messages)
        new = [each for each in messages if each.is_new]
        for message in sorted(new, key=lambda each: each.occurred_at):
            self.new.message_count += 1
            is_received = message.kind == Kind.MESSAGE_RECEIVED
            if message.occurred_at >= known_until:
                if self.row.read_until is None:  # else save_unread_counts() counts
                    self.new.unread_count = self.new.unread_count + 1 if is_received else 0
                if is_received:
                    self.new.conversation_status = Status.ACTIVE
                    self.is_woken = self.row.snoozed_until is not None
        for message in messages:
            self.needs_recount |= message.is_changed and self.row.read_until is not None
            self.needs_last_message |= message.is_changed and message.is_message
            if message.is_deleted:
                self._raise("unsent_at", message.occurred_at)

    def show(self, message: LastMessage) -> None:
        """Show this as the newest message. The time never moves back."""
        self.new.last_message, self.new.last_message_kind = message.text, message.kind
        times = [time for time in (self.row.last_message_time, message.newest_at) if time]
        self.new.last_message_time = max(times, default=None)

    def live_row(self) -> dict[str, Any]:
        """The LIVE_COLUMNS as they are now, as JSON."""
        values = {name: self._value(name) for name in LIVE_COLUMNS}
        times = {name: time.isoformat() for name, time in values.items() if isinstance(time, datetime)}
        return {"id": self.row.pk} | values | times

    def _raise(self, column: str, value: datetime) -> None:
        if value > (self._value(column) or EARLIEST):
            self.live[column] = value

    def _value(self, column: str) -> Any:
        return self.live.get(column, getattr(self.row, column))


def save_conversations(states: Sequence[ConversationState], *, is_keyed: bool) -> None:
    _show_newest([state for state in states if state.needs_last_message])
    changed = {}
    for state in states:
        state.new.search = search_text(state.new)
        if differs(state.new, state.row):
            state.new.updated_at = timezone.now()
            changed[state.row.sender_id] = state.new
    before = {state.row.sender_id: state.row for state in states}
    write_conversations(changed, before, is_keyed=is_keyed)
    move_tag_rows(list(changed), before, changed)
    recount([state.row.pk for state in states if state.needs_recount])
    end_snoozes([state.row.pk for state in states if state.is_woken], BY_MESSAGE)
    _save_live([state for state in states if state.live])


def _save_live(states: Iterable[ConversationState]) -> None:
    """Save the columns that only webhooks change, those of all conversations in one statement."""
    rows = [state.live_row() for state in states]
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(STATEMENTS["save_live"], {"rows": as_json(rows)})


def _show_newest(states: Sequence[ConversationState]) -> None:
    by_pk = {state.row.pk: state for state in states}
    for pk, message in read_last_messages(by_pk).items():
        by_pk[pk].show(message)
