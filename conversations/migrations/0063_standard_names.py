from pathlib import Path

from django.db import migrations, models
from django.db.migrations.operations.base import Operation

from conversations.models import sql

# Tables, columns, indexes, sequences, functions and triggers get the names that a new database gives them. Only
# the catalogue changes, so this takes no time. `IF EXISTS`: what a failed restore left out does not stop it,
# `manage.py repairschema` creates that afterwards.
FOLDER = Path(__file__).parent / "sql"
MODELS = [
    ("MessageQueue", "MessageIndexQueue"),
    ("MessagePart", "MessageIndexChunk"),
    ("InsightShare", "ConversationStats"),
    ("MessageSlot", "MessageBucket"),
    ("ReplyWeek", "WeeklyReplyTimes"),
]
FIELDS = [
    ("page", "learnt", "capabilities"),
    ("page", "audited_at", "last_full_sync_at"),
    ("syncrun", "resume", "checkpoint"),
    ("syncrun", "blame", "fault"),
    ("syncrun", "waits_for", "wait_reason"),
    ("syncrun", "alive_at", "heartbeat_at"),
    ("thread", "reading", "backfill"),
]
INDEXES = [
    ("thread_owed", "thread_pending"),
    ("erasure_in_work", "erasure_in_progress"),
    ("messagepart_keys", "messageindexchunk_keys"),
    ("messagepart_conversation_number", "messageindexchunk_conversation_number"),
    ("messageslot_page_slot", "messagebucket_page_slot"),
    ("replyweek_page_week", "weeklyreplytimes_page_week"),
    ("conversations_messagequeue_pkey", "conversations_messageindexqueue_pkey"),
    ("conversations_messagepart_pkey", "conversations_messageindexchunk_pkey"),
    ("conversations_insightshare_pkey", "conversations_conversationstats_pkey"),
    ("conversations_messageslot_pkey", "conversations_messagebucket_pkey"),
    ("conversations_replyweek_pkey", "conversations_weeklyreplytimes_pkey"),
    ("conversations_insightshare_page_id_b898fcd8", "conversations_conversationstats_page_id_7040adf8"),
]
SEQUENCES = [
    ("conversations_messagequeue_id_seq", "conversations_messageindexqueue_id_seq"),
    ("conversations_messagepart_id_seq", "conversations_messageindexchunk_id_seq"),
    ("conversations_messageslot_id_seq", "conversations_messagebucket_id_seq"),
    ("conversations_replyweek_id_seq", "conversations_weeklyreplytimes_id_seq"),
]
FUNCTIONS_BEFORE = """
DROP FUNCTION IF EXISTS
  conversations_conversation_came, conversations_conversation_changed, conversations_conversation_went,
  conversations_tags_came, conversations_tags_went, conversations_untagged_came, conversations_untagged_went,
  conversations_page_went, conversations_messages_came, conversations_messages_changed,
  conversations_messages_went, conversations_parts_went, conversations_page_went_insight,
  conversations_rights_changed, conversations_user_changed CASCADE;
"""
FUNCTIONS_AFTER = """
DROP FUNCTION IF EXISTS
  conversations_count_conversations_on_insert, conversations_count_conversations_on_update,
  conversations_count_conversations_on_delete, conversations_count_tags_on_insert,
  conversations_count_tags_on_delete, conversations_count_untagged_on_insert,
  conversations_count_untagged_on_delete, conversations_delete_counters_of_page,
  conversations_queue_messages_on_insert, conversations_queue_messages_on_update,
  conversations_queue_messages_on_delete, conversations_delete_message_chunks,
  conversations_delete_insights_of_page, conversations_notify_permission_change,
  conversations_notify_user_change CASCADE;
"""
# PostgreSQL 18 names a NOT NULL constraint after its table and column, and keeps that name when they are renamed.
NOT_NULL = """
DO $$
DECLARE
  renamed record;
BEGIN
  FOR renamed IN
    SELECT conrelid::regclass AS table, conname AS before, format('%s_%s_not_null', relname, attname) AS after
    FROM pg_constraint
    JOIN pg_class ON pg_class.oid = conrelid
    JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[1]
    WHERE contype = 'n' AND relnamespace = quote_ident(current_schema())::regnamespace
      AND starts_with(relname, 'conversations_')
  LOOP
    IF renamed.before <> renamed.after THEN
      EXECUTE format('ALTER TABLE %s RENAME CONSTRAINT %I TO %I', renamed.table, renamed.before, renamed.after);
    END IF;
  END LOOP;
END $$;
"""


def drop_functions_before(apps, schema_editor):
    schema_editor.execute(FUNCTIONS_BEFORE, None)


def drop_functions_after(apps, schema_editor):
    schema_editor.execute(FUNCTIONS_AFTER, None)


def rename(apps, schema_editor):
    for before, after in INDEXES:
        schema_editor.execute(f"ALTER INDEX IF EXISTS {before} RENAME TO {after}")
    for before, after in SEQUENCES:
        schema_editor.execute(f"ALTER SEQUENCE IF EXISTS {before} RENAME TO {after}")
    schema_editor.execute(NOT_NULL, None)


def rename_back(apps, schema_editor):
    for before, after in INDEXES:
        schema_editor.execute(f"ALTER INDEX IF EXISTS {after} RENAME TO {before}")
    for before, after in SEQUENCES:
        schema_editor.execute(f"ALTER SEQUENCE IF EXISTS {after} RENAME TO {before}")


def install(apps, schema_editor):
    former = ((FOLDER / f"0063_{name}.sql").read_text() for name in ("search_keys", "message_queue"))
    sql.install(schema_editor.connection, *former, *map(sql.read, ("counters.sql", "permissions.sql")))


def install_before(apps, schema_editor):
    sql.install(schema_editor.connection, (FOLDER / "0061_search_path.sql").read_text())


def rename_constraint(model: str, before: str, *fields: str, name: str) -> list[Operation]:
    """The state after `rename()`, which has renamed the index of the constraint."""
    return [
        migrations.RemoveConstraint(model, before),
        migrations.AddConstraint(model, models.UniqueConstraint(fields=fields, name=name)),
    ]


STATE = [
    migrations.RenameIndex("thread", "thread_pending", old_name="thread_owed"),
    migrations.RenameIndex("erasure", "erasure_in_progress", old_name="erasure_in_work"),
    migrations.RenameIndex("messageindexchunk", "messageindexchunk_keys", old_name="messagepart_keys"),
    *rename_constraint(
        "messageindexchunk",
        "messagepart_conversation_number",
        "conversation",
        "number",
        name="messageindexchunk_conversation_number",
    ),
    *rename_constraint(
        "messagebucket", "messageslot_page_slot", "page", "slot", name="messagebucket_page_slot"
    ),
    *rename_constraint(
        "weeklyreplytimes", "replyweek_page_week", "page", "week", name="weeklyreplytimes_page_week"
    ),
]


class Migration(migrations.Migration):
    dependencies = [("conversations", "0062_plain_words")]

    operations = [
        migrations.RunPython(drop_functions_before, install_before),
        *(migrations.RenameModel(before, after) for before, after in MODELS),
        *(migrations.RenameField(model, before, after) for model, before, after in FIELDS),
        migrations.SeparateDatabaseAndState(
            [migrations.RunPython(rename, rename_back)], state_operations=STATE
        ),
        migrations.RunPython(install, drop_functions_after),
    ]
