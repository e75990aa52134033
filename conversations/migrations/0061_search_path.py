from pathlib import Path

from django.contrib.postgres.indexes import GinIndex
from django.db import migrations
from django.db.models import F, Func

from conversations.models import sql

# Functions that name our tables or other functions get a search_path of their own, so that they work where it is
# not set: in a restore, and since PostgreSQL 17 where an index is built or analyzed. The indexes of the search
# were created by SQL in 0011, 0012 and 0030; the models know them from here on, so that a check can miss them.
FUNCTIONS = Path(__file__).parent / "sql" / "0061_search_path.sql"
INDEXES = [
    (
        "conversation",
        GinIndex(
            Func(F("page"), F("search"), function="conversations_search_keys"),
            name="conversation_search",
            gin_pending_list_limit=1024,
        ),
    ),
    (
        "messagepart",
        GinIndex(Func(F("page"), F("text"), function="conversations_keys"), name="messagepart_keys"),
    ),
]


def install(apps, schema_editor):
    sql.install(schema_editor.connection, FUNCTIONS.read_text())


class Migration(migrations.Migration):
    dependencies = [("conversations", "0060_quicker_keys")]

    operations = [
        migrations.RunPython(install, migrations.RunPython.noop),
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.AddIndex(model, index) for model, index in INDEXES]
        ),
    ]
