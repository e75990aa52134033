import uuid

import django.utils.timezone
from django.db import migrations, models

import conversations.lib.encryption


class Migration(migrations.Migration):
    dependencies = [("conversations", "0080_audit")]
    operations = [
        migrations.CreateModel(
            name="PendingConnection",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("scope", conversations.lib.encryption.EncryptedTextField()),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
    ]
