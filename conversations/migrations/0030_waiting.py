from django.db import migrations, models
from django.db.models import Case, F, When

# Whose the newest message is; not known where Facebook has told of a newer one than we hold. The triggers
# that count would count a million rows twice: the counters are made anew at the end.
FILL = """
ALTER TABLE conversations_conversation DISABLE TRIGGER USER;
UPDATE conversations_conversation AS row SET last_message_kind = newest.kind
FROM conversations_conversation AS same CROSS JOIN LATERAL (
  SELECT kind, occurred_at FROM conversations_interactionevent AS event
  WHERE event.conversation_id = same.id AND starts_with(event.kind, 'message_')
  ORDER BY occurred_at DESC, id DESC LIMIT 1
) AS newest
WHERE row.id = same.id AND newest.occurred_at >= row.last_message_time;
ALTER TABLE conversations_conversation ENABLE TRIGGER USER;
"""
# The table is written anew: its dearest index is made once then, not also kept up row by row before. A dump of
# an older version restores without it.
NO_SEARCH = "DROP INDEX IF EXISTS conversation_search"
# Nor does its function have a search_path of its own, without which PostgreSQL 17 and newer build no index.
SEARCH = """
ALTER FUNCTION conversations_search_keys SET search_path FROM CURRENT;
CREATE INDEX conversation_search ON conversations_conversation
USING gin (conversations_search_keys(page_id, search)) WITH (gin_pending_list_limit = 1024);
"""
COUNT = """
DELETE FROM conversations_pagecount;
INSERT INTO conversations_pagecount (page_id, facets, conversations)
SELECT page_id, facets, count(*) FROM conversations_conversation GROUP BY 1, 2;
"""
BITS = (
    Case(When(conversation_status="done", then=1), default=0)
    + Case(When(platform="instagram", then=2), default=0)
    + Case(When(unread_count__gt=0, then=4), default=0)
)
WAITS = Case(When(last_message_kind="message_received", conversation_status="active", then=8), default=0)
TIME, ID = F("last_message_time").desc(nulls_last=True), F("id").desc()
INDEXES = [
    models.Index("page", "facets", TIME, ID, name="conversation_by_facets"),
    models.Index("facets", TIME, ID, "page", name="conversation_everywhere"),
]
ACTS = ["tag_added", "tag_removed"]


def facets(expression):
    return models.GeneratedField(
        expression=expression, output_field=models.SmallIntegerField(), db_persist=True
    )


def act_index(kinds):
    return models.Index(
        models.fields.json.KeyTextTransform("act", "data"),
        name="event_act",
        condition=models.Q(kind__in=kinds),
    )


class Migration(migrations.Migration):
    dependencies = [("conversations", "0020_insight")]

    operations = [
        migrations.RunSQL(migrations.RunSQL.noop, COUNT),
        *(migrations.RemoveIndex("conversation", index.name) for index in INDEXES),
        migrations.RemoveField("conversation", "facets"),
        migrations.AddField(
            "conversation",
            "last_message_kind",
            models.TextField(
                blank=True, default="", help_text="Whose it is, as of an event; empty: not known"
            ),
        ),
        migrations.RunSQL(NO_SEARCH, migrations.RunSQL.noop),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AddField("conversation", "facets", facets(BITS + WAITS)),
        *(migrations.AddIndex("conversation", index) for index in INDEXES),
        migrations.RunSQL(SEARCH, migrations.RunSQL.noop),
        migrations.RunSQL(COUNT, migrations.RunSQL.noop),
        migrations.RemoveIndex("interactionevent", "event_act"),
        migrations.AddIndex("interactionevent", act_index([*ACTS, "status_changed"])),
    ]
