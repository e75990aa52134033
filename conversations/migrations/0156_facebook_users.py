import django.utils.timezone
from django.db import migrations, models

import conversations.models.privacy


class Migration(migrations.Migration):
    dependencies = [("conversations", "0155_parquet_exports")]

    operations = [
        migrations.AddField(
            "page", "connected_by", models.TextField(blank=True, db_default="", default="", editable=False)
        ),
        migrations.CreateModel(
            name="PrivacyRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "code",
                    models.TextField(default=conversations.models.privacy.new_code, editable=False, unique=True),
                ),
                ("digest", models.TextField(editable=False, unique=True)),
                ("pages", models.IntegerField(default=0, help_text="Pages whose access was deleted")),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("done_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
    ]
