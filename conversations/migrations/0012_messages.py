import django.db.models.deletion
from django.db import migrations, models

INDEX = """
CREATE INDEX messagepart_keys ON conversations_messagepart USING gin (conversations_keys(page_id, text));
"""

TRIGGERS = """
CREATE FUNCTION conversations_messages_came() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO conversations_messagequeue (conversation_id, is_changed)
  SELECT DISTINCT conversation_id, false FROM new_rows
  WHERE text <> '' AND kind IN ('message_received', 'message_sent', 'message_unknown');
  RETURN NULL;
END $$;

CREATE FUNCTION conversations_messages_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO conversations_messagequeue (conversation_id, is_changed)
  SELECT DISTINCT unnest(ARRAY[new_rows.conversation_id, old_rows.conversation_id]), true
  FROM new_rows JOIN old_rows USING (id)
  WHERE (new_rows.text, new_rows.conversation_id) IS DISTINCT FROM (old_rows.text, old_rows.conversation_id);
  RETURN NULL;
END $$;

CREATE FUNCTION conversations_messages_went() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO conversations_messagequeue (conversation_id, is_changed)
  SELECT DISTINCT conversation_id, true FROM old_rows WHERE text <> '';
  RETURN NULL;
END $$;

CREATE FUNCTION conversations_parts_went() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM conversations_messagepart WHERE conversation_id IN (SELECT id FROM old_rows);
  RETURN NULL;
END $$;

CREATE TRIGGER came AFTER INSERT ON conversations_interactionevent REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION conversations_messages_came();
CREATE TRIGGER changed AFTER UPDATE ON conversations_interactionevent
  REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION conversations_messages_changed();
CREATE TRIGGER went AFTER DELETE ON conversations_interactionevent REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION conversations_messages_went();
CREATE TRIGGER parts_went AFTER DELETE ON conversations_conversation REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION conversations_parts_went();

INSERT INTO conversations_messagequeue (conversation_id, is_changed)
SELECT id, false FROM conversations_conversation;
"""

NO_TRIGGERS = """
DROP FUNCTION conversations_messages_came, conversations_messages_changed, conversations_messages_went,
  conversations_parts_went CASCADE;
"""


class Migration(migrations.Migration):
    dependencies = [("conversations", "0011_search")]

    operations = [
        migrations.CreateModel(
            name="MessageQueue",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("conversation_id", models.BigIntegerField()),
                ("is_changed", models.BooleanField(default=False, help_text="Messages it knows have changed: all anew")),
            ],
        ),
        migrations.CreateModel(
            name="MessagePart",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.IntegerField(help_text="The parts of a conversation, from 1 on")),
                ("text", models.TextField(help_text="Folded messages, divided by reading.messages.BETWEEN")),
                ("event_ids", models.JSONField(help_text="The event of each of them")),
                ("conversation", models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="conversations.conversation")),
                ("page", models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="conversations.page")),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("conversation", "number"), name="messagepart_conversation_number")],
            },
        ),
        migrations.RunSQL(INDEX, "DROP INDEX messagepart_keys"),
        migrations.RunSQL(TRIGGERS, NO_TRIGGERS),
    ]
