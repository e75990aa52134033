import django.contrib.postgres.fields
from django.db import migrations, models

FILL = "UPDATE conversations_erasure SET account_ids = ARRAY[facebook_page_id] WHERE kind = 'page'"


class Migration(migrations.Migration):
    dependencies = [("conversations", "0127_ad_of_conversation")]

    operations = [
        migrations.AddField(
            model_name="erasure",
            name="account_ids",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.TextField(), blank=True, default=list, editable=False, size=None
            ),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
