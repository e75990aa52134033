from pathlib import Path

from django.db import migrations, models

from conversations.models import sql

FORMER_QUEUE = Path(__file__).parent / "sql" / "0132_message_queue.sql"

# The kinds of attachments that are stored already: the indexer computes them.
QUEUE = """
INSERT INTO conversations_messageindexqueue (conversation_id, is_changed)
SELECT DISTINCT conversation_id, false FROM conversations_interactionevent
WHERE kind IN ('message_received', 'message_sent', 'message_unknown')
  AND (attachments <> '[]' OR data->'sticker' IS NOT NULL OR data->'story' IS NOT NULL)
"""


def install_queue(apps, schema_editor):
    sql.install(schema_editor.connection, FORMER_QUEUE.read_text())


class Migration(migrations.Migration):
    dependencies = [("conversations", "0131_media_archive")]

    operations = [
        migrations.AddField(
            model_name="conversation",
            name="attachment_kinds",
            field=models.SmallIntegerField(db_default=0, default=0, editable=False),
        ),
        migrations.AddIndex(
            model_name="conversation",
            index=models.Index(
                models.OrderBy(models.F("last_message_time"), descending=True, nulls_last=True),
                models.OrderBy(models.F("id"), descending=True),
                models.F("page"),
                models.F("attachment_kinds"),
                condition=models.Q(("attachment_kinds__gt", 0)),
                name="conversation_with_attachments",
            ),
        ),
        migrations.RunPython(install_queue, migrations.RunPython.noop),
        migrations.RunSQL(QUEUE, migrations.RunSQL.noop),
    ]
