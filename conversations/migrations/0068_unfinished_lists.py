from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("conversations", "0067_event_order")]
    operations = [
        migrations.AddField(
            model_name="page",
            name="unfinished_lists",
            field=models.JSONField(blank=True, db_default={}, default=dict, editable=False),
        ),
    ]
