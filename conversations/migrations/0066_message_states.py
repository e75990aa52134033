from django.db import migrations, models
from django.db.models import F

# Earlier versions took the count of a listed thread for audited although its messages ended too early.
def forget_audits(apps, schema_editor):
    threads = apps.get_model("conversations", "Thread").objects.using(schema_editor.connection.alias)
    short = threads.filter(message_count__gt=F("held_count") + F("unreadable_count"))
    short.filter(audited_count=F("message_count")).update(audited_count=None)


class Migration(migrations.Migration):
    dependencies = [("conversations", "0065_business_and_aliases")]
    operations = [
        migrations.AddField(
            model_name="interactionevent",
            name="fingerprint",
            field=models.IntegerField(
                editable=False, help_text="Of a message's content, to find newer states", null=True
            ),
        ),
        migrations.AddField(
            model_name="interactionevent",
            name="rank",
            field=models.IntegerField(db_default=0, default=0, editable=False),
        ),
        migrations.AlterField(
            model_name="interactionevent",
            name="kind",
            field=models.TextField(
                choices=[
                    ("message_received", "Message Received"),
                    ("message_sent", "Message Sent"),
                    ("message_unknown", "Message Unknown"),
                    ("tag_added", "Tag Added"),
                    ("tag_removed", "Tag Removed"),
                    ("status_changed", "Status Changed"),
                    ("content_updated", "Content Updated"),
                ]
            ),
        ),
        migrations.RunPython(forget_audits, migrations.RunPython.noop, elidable=True),
    ]
