"""Precomputed numbers about the messages of the last KEPT_DAYS, written by `search.index.insight_index`.

A slot is a quarter of an hour, counted from 1970 in UTC. The offsets of all time zones are multiples of it,
so that days and hours of any TIME_ZONE are sums of slots.
"""

import struct
from collections.abc import Iterable

from django.db import models

SLOT_SECONDS = 900
WEEK_SLOTS = 7 * 24 * 4
KEPT_DAYS = 100  # the page shows 90 days, in any time zone
ANSWER_SECONDS = 24 * 3600  # a message of the Page is answered if the customer writes within this time


def pack(numbers: Iterable[int]) -> bytes:
    """Encode numbers in four bytes each. PostgreSQL's arrays take much longer to read."""
    numbers = list(numbers)
    return struct.pack(f"<{len(numbers)}I", *numbers)


def unpack(data: bytes | memoryview) -> tuple[int, ...]:
    """Decode what `pack()` encoded."""
    return struct.unpack(f"<{len(data) // 4}I", data)


class MessageCount(models.Model):
    """The number of stored messages of a Page. A trigger maintains it (sql/message_queue.sql)."""

    page = models.OneToOneField("conversations.Page", models.CASCADE, primary_key=True, related_name="+")
    messages = models.BigIntegerField(default=0)

    def __str__(self):
        return f"{self.messages} messages"


class MessageBucket(models.Model):
    """The sums of the shares of a Page, for one slot."""

    page = models.ForeignKey(
        "conversations.Page", models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    slot = models.IntegerField()
    received = models.IntegerField(default=0)
    sent = models.IntegerField(default=0)
    begun = models.IntegerField(default=0, help_text="Conversations that began in this slot")
    waiting = models.IntegerField(default=0, help_text="Messages of this slot that wait for a first reply")
    unanswered = models.IntegerField(
        default=0, db_default=0, help_text="The same in conversations that were stored as done"
    )
    answered = models.IntegerField(
        default=0, db_default=0, help_text="Of the sent ones, those that the customer answered within a day"
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["page", "slot"], name="messagebucket_page_slot")]

    def __str__(self):
        return f"{self.received} received, {self.sent} sent in slot {self.slot}"


class WeeklyReplyTimes(models.Model):
    """The reply times of a Page for messages received in one week. The two arrays are parallel."""

    page = models.ForeignKey(
        "conversations.Page", models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    week = models.IntegerField(help_text="The first slot divided by WEEK_SLOTS")
    asked = models.BinaryField(help_text="Slots of the messages, packed")
    seconds = models.BinaryField(help_text="Seconds until the reply, packed")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["page", "week"], name="weeklyreplytimes_page_week")]

    def __str__(self):
        return f"{len(self.asked) // 4} replies of week {self.week}"


class ConversationStats(models.Model):
    """What one conversation adds to the sums. It is subtracted when the conversation changes or is deleted.

    It has no foreign keys, because it outlives its conversation until the sums are updated.
    """

    conversation_id = models.BigIntegerField(primary_key=True)
    page_id = models.BigIntegerField(db_index=True)
    received = models.BinaryField(help_text="The slot of each message, packed")
    sent = models.BinaryField(help_text="The slot of each message, packed")
    answered = models.BinaryField(
        default=b"", help_text="The slot of each sent message that was answered within a day, packed"
    )
    asked = models.BinaryField(help_text="The slot of each first message that was replied to, packed")
    seconds = models.BinaryField(help_text="Seconds until each of these replies, packed")
    begun = models.IntegerField(null=True, help_text="The slot of the first message, if it is recent enough")
    waiting = models.IntegerField(null=True, help_text="The slot of the message that waits for a reply")
    unanswered = models.IntegerField(
        null=True, help_text="The slot of a message without a reply, if it was stored as done: it is the past"
    )

    def __str__(self):
        return f"share of conversation {self.conversation_id}"
