import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("conversations", "0090_refolding"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            name="BulkOperation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("operation", models.UUIDField(default=uuid.uuid4, unique=True)),
                (
                    "action",
                    models.TextField(
                        choices=[
                            ("assign", "Assign"),
                            ("remove", "Remove"),
                            ("replace", "Replace"),
                            ("status", "Status"),
                            ("undo", "Undo"),
                        ]
                    ),
                ),
                (
                    "arguments",
                    models.JSONField(default=dict, help_text="The tags, the status, or the operation to undo"),
                ),
                (
                    "page_ids",
                    django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None),
                ),
                (
                    "state",
                    models.TextField(
                        choices=[
                            ("queued", "Queued"),
                            ("running", "Running"),
                            ("complete", "Complete"),
                            ("cancelled", "Cancelled"),
                            ("failed", "Failed"),
                        ],
                        default="queued",
                    ),
                ),
                ("error", models.TextField(blank=True, default="")),
                ("matched", models.BigIntegerField(default=0)),
                ("processed", models.BigIntegerField(default=0)),
                ("changed", models.BigIntegerField(default=0)),
                ("last_event_id", models.BigIntegerField(default=0)),
                ("events_since", models.DateTimeField(default=django.utils.timezone.now)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "actor",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        models.F("id"), condition=models.Q(("ended_at", None)), name="bulkoperation_active"
                    )
                ]
            },
        ),
        migrations.CreateModel(
            name="OperationChunk",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("page_id", models.BigIntegerField()),
                (
                    "conversation_ids",
                    django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None),
                ),
                (
                    "operation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="chunks",
                        to="conversations.bulkoperation",
                    ),
                ),
            ],
        ),
    ]
