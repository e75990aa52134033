from django.db import migrations, models

# Built beside the old index, without a lock that keeps writers out. After an interruption it starts again.
REBUILD = """
DROP INDEX CONCURRENTLY IF EXISTS event_newest_first_next;
CREATE INDEX CONCURRENTLY event_newest_first_next
  ON conversations_interactionevent (conversation_id, occurred_at DESC, {last} DESC);
DROP INDEX CONCURRENTLY IF EXISTS event_newest_first;
ALTER INDEX event_newest_first_next RENAME TO event_newest_first
"""


def statements(last: str) -> list[str]:
    return REBUILD.format(last=last).split(";")


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("conversations", "0066_message_states")]
    operations = [
        migrations.SeparateDatabaseAndState(
            [migrations.RunSQL(statements("rank"), statements("id"))],
            [
                migrations.RemoveIndex(model_name="interactionevent", name="event_newest_first"),
                migrations.AddIndex(
                    model_name="interactionevent",
                    index=models.Index(
                        fields=["conversation", "-occurred_at", "-rank"], name="event_newest_first"
                    ),
                ),
            ],
        ),
    ]
