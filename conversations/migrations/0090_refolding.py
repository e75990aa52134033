from django.db import migrations, models

from conversations.models import sql


def install(apps, schema_editor):
    sql.install(schema_editor.connection, sql.read("search_keys.sql"))


def start(apps, schema_editor):
    """Rows that exist are folded by the former rule: search.index.refold folds them again."""
    alias = schema_editor.connection.alias
    if apps.get_model("conversations", "Conversation").objects.using(alias).exists():
        apps.get_model("conversations", "Refolding").objects.using(alias).create()


class Migration(migrations.Migration):
    dependencies = [("conversations", "0081_pending_connection")]
    operations = [
        migrations.CreateModel(
            name="Refolding",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.BigIntegerField(default=0, help_text="The ID of the last conversation that is done")),
            ],
        ),
        migrations.RunPython(install, migrations.RunPython.noop),
        migrations.RunPython(start, migrations.RunPython.noop),
    ]
