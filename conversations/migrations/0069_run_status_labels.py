from django.db import migrations, models


class Migration(migrations.Migration):
    """Only the labels have changed, which the database does not know."""

    dependencies = [("conversations", "0068_unfinished_lists")]
    operations = [
        migrations.AlterField(
            model_name="syncrun",
            name="status",
            field=models.TextField(
                choices=[
                    ("queued", "Queued"),
                    ("starting", "Starting"),
                    ("fetching", "Fetching"),
                    ("syncing", "Syncing"),
                    ("waiting", "Waiting"),
                    ("retrying", "Retrying"),
                    ("complete", "Complete"),
                    ("complete_with_errors", "Completed with errors"),
                    ("error", "Failed"),
                    ("interrupted", "Interrupted"),
                    ("cancelled", "Cancelled"),
                ],
                default="queued",
            ),
        ),
    ]
