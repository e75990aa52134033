import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("conversations", "0163_blocked_sending"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Draft",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.TextField()),
                ("reply_to", models.BigIntegerField(blank=True, help_text="ID of the event that is quoted", null=True)),
                ("changed_at", models.DateTimeField()),
                ("conversation", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="drafts", to="conversations.conversation")),
                ("user", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="drafts", to=settings.AUTH_USER_MODEL)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("user", "conversation"), name="draft_user_conversation")],
            },
        ),
        migrations.CreateModel(
            name="SavedReply",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100)),
                ("shortcut", models.CharField(blank=True, default="", help_text="Typed after a slash, such as hello in /hello; may be empty", max_length=30)),
                ("text", models.TextField(help_text="With variables such as {first_name} or {first_name|friend}")),
                ("uses", models.PositiveIntegerField(db_default=0, default=0, editable=False)),
                ("last_used_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("search", models.TextField(default="", editable=False)),
                ("name_key", models.TextField(default="", editable=False)),
                ("sort_key", models.BinaryField(default=b"")),
                ("maker", models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="saved_replies", to=settings.AUTH_USER_MODEL)),
                ("page", models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name="saved_replies", to="conversations.page")),
            ],
            options={
                "verbose_name_plural": "saved replies",
                "constraints": [
                    models.UniqueConstraint(fields=("page", "name_key"), name="savedreply_page_name", nulls_distinct=False, violation_error_message="There is a saved reply with this name already."),
                    models.UniqueConstraint(condition=models.Q(("shortcut", ""), _negated=True), fields=("page", "shortcut"), name="savedreply_page_shortcut", nulls_distinct=False, violation_error_message="Another saved reply has this shortcut."),
                ],
            },
        ),
    ]
