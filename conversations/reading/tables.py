"""What the database keeps beside the conversations so that questions about them cost little.

SQL triggers write these tables (migrations/0010_reads.py), inside the transaction that changes the
conversation or its tags: nobody else does.
"""

from django.contrib.postgres.indexes import GinIndex
from django.db import models


class PageCount(models.Model):
    """How many conversations of a Page have these facets."""

    page = models.ForeignKey("conversations.Page", models.CASCADE, related_name="+", db_index=False)
    facets = models.SmallIntegerField()
    conversations = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["page", "facets"], name="pagecount_page_facets")]

    def __str__(self):
        return f"{self.conversations} with facets {self.facets}"


class TagCount(models.Model):
    """How many conversations of a Page have this tag; null: none at all."""

    page = models.ForeignKey("conversations.Page", models.CASCADE, related_name="+", db_index=False)
    tag = models.ForeignKey("tags.Tag", models.CASCADE, related_name="+", null=True)
    conversations = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["page", "tag"], name="tagcount_page_tag", nulls_distinct=False)
        ]

    def __str__(self):
        return f"{self.conversations} with {self.tag or 'no tag'}"


class Untagged(models.Model):
    """A conversation without tags: where nearly all have one, these few lead the list's query."""

    conversation = models.OneToOneField(
        "conversations.Conversation",
        models.CASCADE,
        primary_key=True,
        related_name="+",
        db_constraint=False,
    )
    page = models.ForeignKey(
        "conversations.Page", models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    last_message_time = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                "page",
                models.F("last_message_time").desc(nulls_last=True),
                models.F("conversation").desc(),
                name="untagged_newest_first",
            ),
            models.Index(
                models.F("last_message_time").desc(nulls_last=True),
                models.F("conversation").desc(),
                "page",
                name="untagged_everywhere",
            ),
        ]

    def __str__(self):
        return f"no tag on {self.conversation}"


class MessagePart(models.Model):
    """Messages of one conversation, folded for the search in messages; written by reading/messages.py."""

    conversation = models.ForeignKey(
        "conversations.Conversation", models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    page = models.ForeignKey(
        "conversations.Page", models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    number = models.IntegerField(help_text="The parts of a conversation, from 1 on")
    text = models.TextField(help_text="Folded messages, divided by reading.messages.BETWEEN")
    event_ids = models.JSONField(help_text="The event of each of them")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["conversation", "number"], name="messagepart_conversation_number")
        ]
        # The keys come from a function of ours (sql/search_keys.sql).
        indexes = [
            GinIndex(
                models.Func(models.F("page"), models.F("text"), function="conversations_keys"),
                name="messagepart_keys",
            )
        ]

    def __str__(self):
        return f"part {self.number} of {self.conversation}"


class MessageQueue(models.Model):
    """Conversations with messages that the search in messages does not know yet. A trigger adds to it.

    Rows only come and go, and nothing is unique: who writes messages never waits for who folds them.
    """

    conversation_id = models.BigIntegerField()
    is_changed = models.BooleanField(default=False, help_text="Messages it knows have changed: all anew")

    def __str__(self):
        return f"conversation {self.conversation_id}"
