from django.db import migrations, models

FILL = """
UPDATE conversations_conversation SET ad_id = left(referral->>'ad_id', 100) WHERE referral->>'ad_id' <> ''
"""


class Migration(migrations.Migration):
    dependencies = [("conversations", "0126_subscriptions")]

    operations = [
        migrations.AddField(
            model_name="conversation",
            name="ad_id",
            field=models.TextField(blank=True, editable=False, null=True),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name="conversation",
            index=models.Index(
                models.F("ad_id"),
                models.OrderBy(models.F("last_message_time"), descending=True, nulls_last=True),
                models.OrderBy(models.F("id"), descending=True),
                models.F("page"),
                condition=models.Q(("ad_id__isnull", False)),
                name="conversation_by_ad",
            ),
        ),
    ]
