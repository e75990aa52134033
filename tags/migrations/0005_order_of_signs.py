from django.db import migrations

from conversations.lib.labels import sort_key


def sort_anew(apps, schema_editor):
    for tag in apps.get_model("tags", "Tag").objects.using(schema_editor.connection.alias):
        tag.sort_key = sort_key(tag.name)
        tag.save(update_fields=["sort_key"])


class Migration(migrations.Migration):
    dependencies = [("tags", "0004_order_of_letters")]
    operations = [migrations.RunPython(sort_anew, migrations.RunPython.noop)]
