import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from conversations.models import sql


def install(apps, schema_editor):
    sql.install(schema_editor.connection, sql.read("audit.sql"))


class Migration(migrations.Migration):
    dependencies = [
        ("conversations", "0070_event_digest"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                ("action", models.TextField()),
                ("actor_name", models.TextField(blank=True, default="", verbose_name="by")),
                ("target_type", models.TextField(blank=True, default="")),
                ("target_id", models.TextField(blank=True, default="")),
                ("target_name", models.TextField(blank=True, default="", verbose_name="target")),
                ("address", models.TextField(blank=True, default="")),
                ("details", models.JSONField(blank=True, default=dict)),
                (
                    "actor",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"verbose_name_plural": "audit log"},
        ),
        migrations.RunPython(install, migrations.RunPython.noop),
    ]
