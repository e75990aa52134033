"""Tables that make the list and the search fast.

Only SQL triggers write the counters and `Untagged` (sql/counters.sql), in the transaction that
changes the conversation or its tags. `search.index.message_index` writes the message index.
"""

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Now


class PageCount(models.Model):
    """The number of conversations of a Page that have these facets."""

    page = models.ForeignKey("conversations.Page", models.CASCADE, related_name="+", db_index=False)
    facets = models.SmallIntegerField()
    conversations = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["page", "facets"], name="pagecount_page_facets")]

    def __str__(self):
        return f"{self.conversations} with facets {self.facets}"


class TagCount(models.Model):
    """The number of conversations of a Page that have this tag; `tag` null: that have no tag."""

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
    """A conversation without tags. The list starts from these rows, if only few conversations have none."""

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


class MessageIndexChunk(models.Model):
    """Folded messages of one conversation, for the message search. `search.index.message_index` writes it."""

    conversation = models.ForeignKey(
        "conversations.Conversation", models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    page = models.ForeignKey(
        "conversations.Page", models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    number = models.IntegerField(help_text="Number of the chunk in its conversation, from 1")
    text = models.TextField(help_text="Folded messages with a separator between them")
    event_ids = models.JSONField(help_text="The event ID of each message")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["conversation", "number"], name="messageindexchunk_conversation_number"
            )
        ]
        # The keys come from a function of ours (models/sql/search_keys.sql).
        indexes = [
            GinIndex(
                models.Func(models.F("page"), models.F("text"), function="conversations_keys"),
                name="messageindexchunk_keys",
            )
        ]

    def __str__(self):
        return f"part {self.number} of {self.conversation}"


class Refolding(models.Model):
    """How far search.index.refold has folded the stored texts again. There is a row until it is done."""

    position = models.BigIntegerField(default=0, help_text="The ID of the last conversation that is done")

    def __str__(self):
        return f"folded again up to conversation {self.position}"


class MessageIndexQueue(models.Model):
    """Conversations with messages that are not in the message index yet. A trigger adds rows.

    Rows are only inserted and deleted, and nothing is unique: writing messages never waits for the indexer.
    """

    conversation_id = models.BigIntegerField()
    is_changed = models.BooleanField(
        default=False, help_text="Indexed messages have changed: rebuild all chunks"
    )
    queued_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self):
        return f"conversation {self.conversation_id}"
