from django.db import migrations, models

from conversations.lib.labels import distinct_names, name_key, sort_key


def fill(apps, schema_editor):
    """Store the names as later versions do. Of tags whose names are the same then, later ones get a number."""
    alias = schema_editor.connection.alias
    tags = list(apps.get_model("tags", "Tag").objects.using(alias).order_by("pk"))
    audit = apps.get_model("conversations", "AuditEntry").objects.using(alias)
    for tag, name in zip(tags, distinct_names([tag.name for tag in tags]), strict=True):
        if name != tag.name:
            target = {"target_type": "tag", "target_id": str(tag.pk), "target_name": name}
            audit.create(action="tag_renamed", **target, details={"from": tag.name, "to": name})
        tag.name, tag.name_key, tag.sort_key = name, name_key(name), sort_key(name)
        tag.save()


class Migration(migrations.Migration):
    dependencies = [
        ("tags", "0001_squashed_0002_plain_words"),
        ("conversations", "0090_refolding"),
    ]
    operations = [
        migrations.RemoveConstraint(model_name="tag", name="tag_name"),
        migrations.AddField("tag", "name_key", models.TextField(default="", editable=False)),
        migrations.AddField("tag", "sort_key", models.BinaryField(default=b"")),
        migrations.AlterModelOptions("tag", options={"ordering": ["sort_key", "id"]}),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AddConstraint(
            "tag",
            models.UniqueConstraint(
                fields=("name_key",), name="tag_name_key", violation_error_message="A tag with this name already exists."
            ),
        ),
    ]
