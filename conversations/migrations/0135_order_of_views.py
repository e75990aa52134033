from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("conversations", "0134_own_bulk_changes")]

    operations = [
        migrations.AddField(
            "savedview",
            "position",
            models.IntegerField(
                db_default=0,
                default=0,
                editable=False,
                help_text="Among the owner's views, from 1; 0: by name",
            ),
        )
    ]
