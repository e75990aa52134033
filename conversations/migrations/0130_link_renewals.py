import django.db.models.deletion
from django.db import migrations, models

# Events are deleted in many ways, also by SQL. Django would have to read them first.
CASCADE = """
ALTER TABLE conversations_linkrenewal ADD CONSTRAINT link_renewal_event FOREIGN KEY (event_id)
REFERENCES conversations_interactionevent (id) ON DELETE CASCADE
"""


class Migration(migrations.Migration):
    dependencies = [("conversations", "0129_next_subscription_check")]

    operations = [
        migrations.CreateModel(
            name="LinkRenewal",
            fields=[
                (
                    "event",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="link_renewal",
                        serialize=False,
                        to="conversations.interactionevent",
                    ),
                ),
                ("renewed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "refused_until",
                    models.DateTimeField(
                        blank=True, help_text="Until when Facebook is not asked again", null=True
                    ),
                ),
                ("reason", models.TextField(blank=True, default="", help_text="A RefusalReason")),
                ("message", models.TextField(blank=True, default="", help_text="Why, for people")),
            ],
        ),
        migrations.RunSQL(CASCADE, migrations.RunSQL.noop),
    ]
