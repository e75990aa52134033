import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("conversations", "0013_acts"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="SavedView",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100)),
                ("query", models.JSONField(blank=True, default=dict)),
                ("is_shared", models.BooleanField(default=False, help_text="With all who see the Page; without one, with everybody")),
                ("owner", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="saved_views", to=settings.AUTH_USER_MODEL)),
                ("page", models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name="saved_views", to="conversations.page")),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("owner", "name"), name="savedview_owner_name", violation_error_message="You have a view of this name already.")],
            },
        ),
    ]
