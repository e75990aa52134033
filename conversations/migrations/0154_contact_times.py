from django.db import migrations, models

from conversations.models import sql

# What was answered within a day is not known yet of conversations in which the Page has written.
REQUEUE = """
INSERT INTO conversations_messageindexqueue (conversation_id, is_changed)
SELECT conversation_id, false FROM conversations_conversationstats WHERE sent <> ''
"""


def install_queue(apps, schema_editor):
    sql.install(schema_editor.connection, sql.read("message_queue.sql"))


class Migration(migrations.Migration):
    dependencies = [("conversations", "0151_imports")]

    operations = [
        migrations.AddField(
            "messagebucket",
            "answered",
            models.IntegerField(
                db_default=0,
                default=0,
                help_text="Of the sent ones, those that the customer answered within a day",
            ),
        ),
        migrations.AddField(
            "conversationstats",
            "answered",
            models.BinaryField(
                default=b"", help_text="The slot of each sent message that was answered within a day, packed"
            ),
        ),
        migrations.RunPython(install_queue, migrations.RunPython.noop),
        migrations.RunSQL(REQUEUE, migrations.RunSQL.noop),
    ]
