from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("conversations", "0157_retention")]

    operations = [
        migrations.AlterField(
            "pagemember",
            "role",
            models.TextField(
                choices=[
                    ("viewer", "Viewer"),
                    ("tagger", "Tagger"),
                    ("agent", "Agent"),
                    ("manager", "Manager"),
                ],
                default="viewer",
            ),
        ),
    ]
