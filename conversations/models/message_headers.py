"""What messages of a conversation have in common, stored once."""

from django.db import models


class MessageHeader(models.Model):
    """From whom and to whom messages were sent, with Facebook's tags. Their events have its key in `header`.

    The key is a digest of the content: any number that no other content of the conversation has.
    """

    pk = models.CompositePrimaryKey("conversation_id", "key")
    conversation = models.ForeignKey(
        "conversations.Conversation", models.CASCADE, related_name="headers", db_index=False
    )
    key = models.BigIntegerField()
    data = models.JSONField(help_text="The members `from`, `to` and `tags` of what Facebook sent")

    def __str__(self):
        return f"header of messages of {self.conversation_id}"


class HeaderSplit(models.Model):
    """How far sync.load.states.headers has given stored messages headers. There is a row until it is done."""

    position = models.BigIntegerField(default=0, help_text="The ID of the last event that is done")

    def __str__(self):
        return f"messages with headers up to event {self.position}"
