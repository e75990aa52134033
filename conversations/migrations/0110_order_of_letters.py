from django.db import migrations

from conversations.lib.labels import sort_key


def sort_anew(apps, schema_editor):
    views = apps.get_model("conversations", "SavedView").objects.using(schema_editor.connection.alias)
    for view in views.only("name").iterator():
        view.sort_key = sort_key(view.name)
        view.save(update_fields=["sort_key"])


class Migration(migrations.Migration):
    dependencies = [("conversations", "0100_message_headers")]
    operations = [migrations.RunPython(sort_anew, migrations.RunPython.noop)]
