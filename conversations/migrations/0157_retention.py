from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("conversations", "0156_facebook_users")]

    operations = [
        migrations.AddField(
            "page",
            "kept_from",
            models.DateTimeField(
                blank=True,
                editable=False,
                help_text="Messages of before then were erased: RETENTION_DAYS",
                null=True,
            ),
        ),
        migrations.AlterField(
            "erasure",
            "kind",
            models.TextField(
                choices=[("person", "One person"), ("page", "Everything of a Page"), ("age", "What is too old")]
            ),
        ),
    ]
