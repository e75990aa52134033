import django.db.models.deletion
from django.db import migrations, models

from conversations.models import sql

JOIN = """
UPDATE conversations_interactionevent AS event SET header = NULL,
  data = coalesce(header.data, '{}')
    || jsonb_build_object('created_time', to_char(event.occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"+0000"'))
    || event.data
FROM conversations_interactionevent AS stored LEFT JOIN conversations_messageheader AS header
  ON header.conversation_id = stored.conversation_id AND header.key = stored.header
WHERE event.id = stored.id AND stored.header IS NOT NULL
"""


def install(apps, schema_editor):
    sql.install(schema_editor.connection, sql.read("message_headers.sql"))


def remove(apps, schema_editor):
    schema_editor.execute("DROP TRIGGER IF EXISTS move_headers ON conversations_interactionevent")
    schema_editor.execute("DROP FUNCTION IF EXISTS conversations_move_headers()")


def start(apps, schema_editor):
    """Messages that exist have everything in `data`: sync.load.states.headers gives them headers."""
    alias = schema_editor.connection.alias
    if apps.get_model("conversations", "InteractionEvent").objects.using(alias).exists():
        apps.get_model("conversations", "HeaderSplit").objects.using(alias).create()


def join(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(JOIN)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


class Migration(migrations.Migration):
    dependencies = [("conversations", "0094_unreadable_messages")]
    operations = [
        migrations.CreateModel(
            name="MessageHeader",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "conversation_id", "key", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("key", models.BigIntegerField()),
                (
                    "data",
                    models.JSONField(help_text="The members `from`, `to` and `tags` of what Facebook sent"),
                ),
                (
                    "conversation",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="headers",
                        to="conversations.conversation",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="HeaderSplit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.BigIntegerField(default=0, help_text="The ID of the last event that is done")),
            ],
        ),
        migrations.AddField(
            model_name="interactionevent",
            name="header",
            field=models.BigIntegerField(
                editable=False,
                help_text="The key of the MessageHeader that holds a part of `data`; null: none does",
                null=True,
            ),
        ),
        migrations.RunPython(install, remove),
        migrations.RunPython(start, join),
    ]
