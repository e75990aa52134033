from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("conversations", "0170_monitoring")]

    operations = [
        migrations.CreateModel(
            name="JobOrigin",
            fields=[
                ("job_id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("ids", models.JSONField(help_text="Such as the request, the run or the webhook")),
            ],
        ),
    ]
