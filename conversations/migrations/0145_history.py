from django.db import migrations, models

# Conversations that are done, although nobody has set them so, were counted as waiting for a reply.
REQUEUE = """
INSERT INTO conversations_messageindexqueue (conversation_id, is_changed)
SELECT stats.conversation_id, false FROM conversations_conversationstats AS stats
JOIN conversations_conversation AS c ON c.id = stats.conversation_id
WHERE stats.waiting IS NOT NULL AND c.conversation_status = 'done'
"""


class Migration(migrations.Migration):
    dependencies = [("conversations", "0141_unread_counts_of_graph")]

    operations = [
        migrations.AddField(
            "page",
            "history_days",
            models.PositiveIntegerField(
                blank=True,
                help_text="Instead of HISTORY_DONE_BEFORE: of which age on a first sync inserts as done; 0: none",
                null=True,
            ),
        ),
        migrations.AddField(
            "page",
            "access_ends_at",
            models.DateTimeField(
                blank=True,
                editable=False,
                help_text="When the token or its access to data expires; empty: never, or unknown",
                null=True,
            ),
        ),
        migrations.AddField(
            "page",
            "access_checked_at",
            models.DateTimeField(
                blank=True,
                editable=False,
                help_text="When Facebook was asked when the access ends",
                null=True,
            ),
        ),
        migrations.AddField(
            "messagebucket",
            "unanswered",
            models.IntegerField(
                db_default=0, default=0, help_text="The same in conversations that were stored as done"
            ),
        ),
        migrations.AddField(
            "conversationstats",
            "unanswered",
            models.IntegerField(
                help_text="The slot of a message without a reply, if it was stored as done: it is the past",
                null=True,
            ),
        ),
        migrations.RunSQL(REQUEUE, migrations.RunSQL.noop),
    ]
