from collections import defaultdict

from django.db import migrations, models

from conversations.lib.labels import distinct_names, name_key, sort_key


def fill(apps, schema_editor):
    """Store the names as later versions do. Of one owner's views whose names are the same then, later ones get a number."""
    alias = schema_editor.connection.alias
    audit = apps.get_model("conversations", "AuditEntry").objects.using(alias)
    by_owner = defaultdict(list)
    for view in apps.get_model("conversations", "SavedView").objects.using(alias).order_by("pk"):
        by_owner[view.owner_id].append(view)
    for views in by_owner.values():
        for view, name in zip(views, distinct_names([view.name for view in views]), strict=True):
            if name != view.name:
                target = {"target_type": "savedview", "target_id": str(view.pk), "target_name": name}
                audit.create(action="view_renamed", **target, details={"from": view.name, "to": name})
            view.name, view.name_key, view.sort_key = name, name_key(name), sort_key(name)
            view.save(update_fields=["name", "name_key", "sort_key"])


class Migration(migrations.Migration):
    dependencies = [("conversations", "0091_bulk_operations")]
    operations = [
        migrations.RemoveConstraint(model_name="savedview", name="savedview_owner_name"),
        migrations.AddField("savedview", "name_key", models.TextField(default="", editable=False)),
        migrations.AddField("savedview", "sort_key", models.BinaryField(default=b"")),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AddConstraint(
            "savedview",
            models.UniqueConstraint(
                fields=("owner", "name_key"),
                name="savedview_owner_name_key",
                violation_error_message="You already have a view with this name.",
            ),
        ),
    ]
