from django.db import migrations

# Until now there was one number: Graph's.
COPY = """
UPDATE conversations_conversation SET graph_unread_count = unread_count,
  told = CASE WHEN told ? 'unread_count'
    THEN told - 'unread_count' || jsonb_build_object('graph_unread_count', told->'unread_count') ELSE told END
WHERE unread_count > 0 OR told ? 'unread_count'
"""
COPY_BACK = """
UPDATE conversations_conversation SET unread_count = graph_unread_count,
  told = CASE WHEN told ? 'graph_unread_count'
    THEN told - 'graph_unread_count' || jsonb_build_object('unread_count', told->'graph_unread_count') ELSE told END
WHERE unread_count <> graph_unread_count OR told ? 'graph_unread_count'
"""


class Migration(migrations.Migration):
    dependencies = [("conversations", "0140_work_together")]

    operations = [migrations.RunSQL(COPY, COPY_BACK)]
