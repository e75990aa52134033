import django.db.models.deletion
from django.db import migrations, models

# What 0012 queues of messages with text, now of all that tell something; and the messages of each Page.
# One pass over what a statement changed, and one look-up for each conversation in it. A message never leaves
# its Page. Events go before their conversation, as Django deletes them.
TRIGGERS = """
LOCK TABLE conversations_interactionevent IN SHARE ROW EXCLUSIVE MODE;

CREATE OR REPLACE FUNCTION conversations_messages_came() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  WITH came AS (
    SELECT conversation_id, count(*) FILTER (WHERE kind <> 'status_changed') AS number FROM new_rows
    WHERE kind IN ('message_received', 'message_sent', 'message_unknown', 'status_changed') GROUP BY 1
  ), queued AS (
    INSERT INTO conversations_messagequeue (conversation_id, is_changed)
    SELECT conversation_id, false FROM came
  )
  INSERT INTO conversations_messagecount AS kept (page_id, messages)
  SELECT page_id, sum(number) FROM came JOIN conversations_conversation AS row ON row.id = conversation_id
  GROUP BY 1 HAVING sum(number) > 0 ORDER BY 1
  ON CONFLICT (page_id) DO UPDATE SET messages = kept.messages + excluded.messages;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION conversations_messages_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO conversations_messagequeue (conversation_id, is_changed)
  SELECT DISTINCT unnest(ARRAY[new_rows.conversation_id, old_rows.conversation_id]), true
  FROM new_rows JOIN old_rows USING (id)
  WHERE (new_rows.text, new_rows.conversation_id, new_rows.kind, new_rows.occurred_at)
    IS DISTINCT FROM (old_rows.text, old_rows.conversation_id, old_rows.kind, old_rows.occurred_at);
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION conversations_messages_went() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  WITH went AS (
    SELECT conversation_id, count(*) FILTER (WHERE kind <> 'status_changed') AS number FROM old_rows
    WHERE kind IN ('message_received', 'message_sent', 'message_unknown', 'status_changed') GROUP BY 1
  ), queued AS (
    INSERT INTO conversations_messagequeue (conversation_id, is_changed)
    SELECT conversation_id, true FROM went
  )
  UPDATE conversations_messagecount AS kept SET messages = kept.messages - gone.number
  FROM (SELECT page_id, sum(number) AS number FROM went
        JOIN conversations_conversation AS row ON row.id = conversation_id GROUP BY 1) AS gone
  WHERE kept.page_id = gone.page_id;
  RETURN NULL;
END $$;

CREATE FUNCTION conversations_page_went_insight() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM conversations_messagecount WHERE page_id IN (SELECT id FROM old_rows);
  DELETE FROM conversations_messageslot WHERE page_id IN (SELECT id FROM old_rows);
  DELETE FROM conversations_replyweek WHERE page_id IN (SELECT id FROM old_rows);
  DELETE FROM conversations_insightshare WHERE page_id IN (SELECT id FROM old_rows);
  RETURN NULL;
END $$;
CREATE TRIGGER went_insight AFTER DELETE ON conversations_page REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION conversations_page_went_insight();
"""

# What is there already: counted here, and what is recent is left to the job that folds.
FILL = """
INSERT INTO conversations_messagecount (page_id, messages)
SELECT page_id, sum(number) FROM (
  SELECT conversation_id, count(*) AS number FROM conversations_interactionevent
  WHERE kind IN ('message_received', 'message_sent', 'message_unknown') GROUP BY 1
) AS held JOIN conversations_conversation AS row ON row.id = conversation_id GROUP BY 1;
INSERT INTO conversations_messagequeue (conversation_id, is_changed)
SELECT DISTINCT conversation_id, false FROM conversations_interactionevent
WHERE occurred_at >= now() - interval '101 days';
"""

# The functions of 0012 go back to what they were there; its trigger on Pages knows nothing of these tables.
NO_TRIGGERS = """
CREATE OR REPLACE FUNCTION conversations_messages_came() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO conversations_messagequeue (conversation_id, is_changed)
  SELECT DISTINCT conversation_id, false FROM new_rows
  WHERE text <> '' AND kind IN ('message_received', 'message_sent', 'message_unknown');
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION conversations_messages_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO conversations_messagequeue (conversation_id, is_changed)
  SELECT DISTINCT unnest(ARRAY[new_rows.conversation_id, old_rows.conversation_id]), true
  FROM new_rows JOIN old_rows USING (id)
  WHERE (new_rows.text, new_rows.conversation_id) IS DISTINCT FROM (old_rows.text, old_rows.conversation_id);
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION conversations_messages_went() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO conversations_messagequeue (conversation_id, is_changed)
  SELECT DISTINCT conversation_id, true FROM old_rows WHERE text <> '';
  RETURN NULL;
END $$;

DROP FUNCTION conversations_page_went_insight CASCADE;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('conversations', '0014_savedview'),
    ]

    operations = [
        migrations.CreateModel(
            name='InsightShare',
            fields=[
                ('conversation_id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('page_id', models.BigIntegerField(db_index=True)),
                ('received', models.BinaryField(help_text='The slot of each message, packed')),
                ('sent', models.BinaryField(help_text='Likewise')),
                ('asked', models.BinaryField(help_text='The slot of each first message that was replied to, packed')),
                ('seconds', models.BinaryField(help_text='How long each of these waited, packed')),
                ('begun', models.IntegerField(help_text='The slot of its first message, if that is kept', null=True)),
                ('waiting', models.IntegerField(help_text='The slot of the message that waits for a reply', null=True)),
            ],
        ),
        migrations.CreateModel(
            name='MessageCount',
            fields=[
                ('page', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='conversations.page')),
                ('messages', models.BigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name='MessageSlot',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slot', models.IntegerField()),
                ('received', models.IntegerField(default=0)),
                ('sent', models.IntegerField(default=0)),
                ('begun', models.IntegerField(default=0, help_text='Conversations whose first message is in it')),
                ('waiting', models.IntegerField(default=0, help_text='Of its messages the first that wait for a reply')),
                ('page', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='conversations.page')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('page', 'slot'), name='messageslot_page_slot')],
            },
        ),
        migrations.CreateModel(
            name='ReplyWeek',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('week', models.IntegerField(help_text='Its first slot, divided by WEEK_SLOTS')),
                ('asked', models.BinaryField(help_text='Slots, packed')),
                ('seconds', models.BinaryField(help_text='Until the reply, packed')),
                ('page', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='conversations.page')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('page', 'week'), name='replyweek_page_week')],
            },
        ),
        migrations.RunSQL(TRIGGERS, NO_TRIGGERS),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
