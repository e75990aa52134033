import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("conversations", "0041_rights"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="syncrun",
            name="asked_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="syncrun",
            name="samples",
            field=models.JSONField(
                blank=True, default=list, help_text="Where it was when, for the chart: sync.course says how"
            ),
        ),
        migrations.AddField(
            model_name="syncrun",
            name="waits",
            field=models.JSONField(
                blank=True, default=list, help_text="Its pauses: sync.course says how"
            ),
        ),
        migrations.AddIndex(
            model_name="thread",
            index=models.Index(
                condition=models.Q(("state", "unreadable")),
                fields=["page", "-id"],
                name="thread_unreadable",
            ),
        ),
    ]
