"""What is kept of the last KEPT_DAYS so that numbers about messages cost little; reading/shares.py writes it.

Time is cut into slots of a quarter of an hour, counted from 1970 in UTC: the clocks of the world differ by
whole ones, so that days and hours of any TIME_ZONE are made of them.
"""

import struct
from collections.abc import Iterable

from django.db import models

SLOT_SECONDS = 900
WEEK_SLOTS = 7 * 24 * 4
KEPT_DAYS = 100  # what is shown are 90 of them, in whichever time zone


def packed(numbers: Iterable[int]) -> bytes:
    """Four bytes each: PostgreSQL's arrays would take longer to read than all else."""
    numbers = list(numbers)
    return struct.pack(f"<{len(numbers)}I", *numbers)


def unpacked(data: bytes | memoryview) -> tuple[int, ...]:
    return struct.unpack(f"<{len(data) // 4}I", data)


class MessageCount(models.Model):
    """All messages of a Page that are held; a trigger keeps it in step (migrations/0020_insight.py)."""

    page = models.OneToOneField("conversations.Page", models.CASCADE, primary_key=True, related_name="+")
    messages = models.BigIntegerField(default=0)

    def __str__(self):
        return f"{self.messages} messages"


class MessageSlot(models.Model):
    """The sum of what shares say of a Page and slot."""

    page = models.ForeignKey(
        "conversations.Page", models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    slot = models.IntegerField()
    received = models.IntegerField(default=0)
    sent = models.IntegerField(default=0)
    begun = models.IntegerField(default=0, help_text="Conversations whose first message is in it")
    waiting = models.IntegerField(default=0, help_text="Of its messages the first that wait for a reply")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["page", "slot"], name="messageslot_page_slot")]

    def __str__(self):
        return f"{self.received} received, {self.sent} sent in slot {self.slot}"


class ReplyWeek(models.Model):
    """How long customers of a Page waited who asked in these WEEK_SLOTS slots: parallel, by `asked`."""

    page = models.ForeignKey(
        "conversations.Page", models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    week = models.IntegerField(help_text="Its first slot, divided by WEEK_SLOTS")
    asked = models.BinaryField(help_text="Slots, packed")
    seconds = models.BinaryField(help_text="Until the reply, packed")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["page", "week"], name="replyweek_page_week")]

    def __str__(self):
        return f"{len(self.asked) // 4} replies of week {self.week}"


class InsightShare(models.Model):
    """What one conversation adds to the sums: what is taken from them again when it changes or goes.

    No foreign keys: it outlives its conversation until the sums know that it is gone.
    """

    conversation_id = models.BigIntegerField(primary_key=True)
    page_id = models.BigIntegerField(db_index=True)
    received = models.BinaryField(help_text="The slot of each message, packed")
    sent = models.BinaryField(help_text="Likewise")
    asked = models.BinaryField(help_text="The slot of each first message that was replied to, packed")
    seconds = models.BinaryField(help_text="How long each of these waited, packed")
    begun = models.IntegerField(null=True, help_text="The slot of its first message, if that is kept")
    waiting = models.IntegerField(null=True, help_text="The slot of the message that waits for a reply")

    def __str__(self):
        return f"share of conversation {self.conversation_id}"
