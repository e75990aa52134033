from django.db import migrations, models
from django.db.models.fields.json import KeyTextTransform


class Migration(migrations.Migration):
    dependencies = [("conversations", "0012_messages")]

    operations = [
        migrations.AddIndex(
            model_name="interactionevent",
            index=models.Index(
                KeyTextTransform("act", "data"),
                name="event_act",
                condition=models.Q(kind__in=["tag_added", "tag_removed"]),
            ),
        ),
    ]
