from django.db import migrations, models
from django.db.models import F
from django.db.models.functions import MD5, Cast

TABLE = "conversations_interactionevent"
OLD, NEW = "event_conversation_graph_id", "event_conversation_graph_digest"
HAS_KEY = """
SELECT EXISTS (
  SELECT FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
  WHERE indrelid = %s::regclass AND indisunique AND indisvalid AND indpred IS NULL
    AND (relname = %s OR pg_get_indexdef(indexrelid) LIKE '%%' || %s))
"""
DIGEST = "(conversation_id, (md5(graph_id)::uuid))"
TEXT = "(conversation_id, graph_id)"  # also the definition of a key that somebody made under another name


# Each key is built while the table is in use, before the other one is dropped: there is always one. A database
# that was adopted without the key has duplicates; `manage.py mergeduplicates` creates the new one there.
def replace_key(schema_editor, old: str, new: str, columns: str, old_columns: str = "") -> None:
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(HAS_KEY, [TABLE, old, old_columns or "?"])
        has_old = cursor.fetchone()[0]
        cursor.execute(HAS_KEY, [TABLE, new, "?"])
        has_new = cursor.fetchone()[0]
        if has_old and not has_new:
            cursor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {new}")  # left by an interruption
            cursor.execute(f"CREATE UNIQUE INDEX CONCURRENTLY {new} ON {TABLE} {columns}")


def use_digest(apps, schema_editor):
    replace_key(schema_editor, OLD, NEW, DIGEST, TEXT)
    schema_editor.execute(f"ALTER TABLE {TABLE} DROP CONSTRAINT IF EXISTS {OLD}")


def use_text(apps, schema_editor):
    replace_key(schema_editor, NEW, OLD, TEXT)
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(HAS_KEY, [TABLE, OLD, "?"])
        if cursor.fetchone()[0]:
            cursor.execute(f"ALTER TABLE {TABLE} ADD CONSTRAINT {OLD} UNIQUE USING INDEX {OLD}")
        cursor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {NEW}")


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("conversations", "0069_run_status_labels")]
    operations = [
        migrations.SeparateDatabaseAndState(
            [migrations.RunPython(use_digest, use_text)],
            [
                migrations.RemoveConstraint(model_name="interactionevent", name=OLD),
                migrations.AddConstraint(
                    model_name="interactionevent",
                    constraint=models.UniqueConstraint(
                        F("conversation"), Cast(MD5("graph_id"), models.UUIDField()), name=NEW
                    ),
                ),
            ],
        ),
    ]
