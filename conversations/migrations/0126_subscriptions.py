from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("conversations", "0125_refolding_signs"),
    ]

    operations = [
        migrations.AddField(
            model_name="page",
            name="live_state",
            field=models.TextField(
                choices=[
                    ("off", "Off"),
                    ("subscribed", "Subscribed"),
                    ("silent", "Silent"),
                    ("lost", "Lost"),
                ],
                db_default="off",
                default="off",
            ),
        ),
        migrations.AddField(
            model_name="page",
            name="live_reason",
            field=models.TextField(
                blank=True,
                db_default="",
                default="",
                help_text="What is wrong with the webhooks, for managers",
            ),
        ),
        migrations.AddField(
            model_name="page",
            name="subscribed_at",
            field=models.DateTimeField(
                blank=True,
                editable=False,
                help_text="Since when it is subscribed without a break",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="page",
            name="silent_at",
            field=models.DateTimeField(
                blank=True,
                editable=False,
                help_text="When a message without a webhook was noticed",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="page",
            name="subscription_look_at",
            field=models.DateTimeField(
                blank=True, editable=False, help_text="When to look at the subscription again", null=True
            ),
        ),
        migrations.AddField(
            model_name="thread",
            name="gap_at",
            field=models.DateTimeField(
                blank=True,
                help_text=(
                    "Messages before this one are missing: Instagram showed only newer ones at the next sync"
                ),
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="conversation",
            name="name_asked_at",
            field=models.DateTimeField(
                blank=True,
                editable=False,
                help_text="When Facebook was asked for the name of the person",
                null=True,
            ),
        ),
        migrations.AddIndex(
            model_name="conversation",
            index=models.Index(
                models.F("page"),
                models.F("id"),
                condition=models.Q(("graph_id", ""), ("sender_name", "")),
                name="conversation_nameless",
            ),
        ),
    ]
