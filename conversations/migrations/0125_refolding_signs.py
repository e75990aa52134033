from django.db import migrations

from conversations.lib.labels import sort_key


def sort_anew(apps, schema_editor):
    views = apps.get_model("conversations", "SavedView").objects.using(schema_editor.connection.alias)
    for view in views.only("name").iterator():
        view.sort_key = sort_key(view.name)
        view.save(update_fields=["sort_key"])


def start(apps, schema_editor):
    """Rows that exist are folded by a former rule: search.index.refold folds them again, from the first one on."""
    alias = schema_editor.connection.alias
    refoldings = apps.get_model("conversations", "Refolding").objects.using(alias)
    if apps.get_model("conversations", "Conversation").objects.using(alias).exists():
        refoldings.all().delete()
        refoldings.create()


class Migration(migrations.Migration):
    dependencies = [("conversations", "0120_webhooks")]
    operations = [
        migrations.RunPython(sort_anew, migrations.RunPython.noop),
        migrations.RunPython(start, migrations.RunPython.noop),
    ]
