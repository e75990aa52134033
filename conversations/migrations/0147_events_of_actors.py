from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("conversations", "0146_alerts")]

    operations = [
        migrations.AddIndex(
            "interactionevent",
            models.Index(
                fields=["actor", "-occurred_at", "-id"],
                name="event_of_actor",
                condition=models.Q(actor__isnull=False),
            ),
        ),
        migrations.RemoveIndex("interactionevent", "event_actor"),
    ]
