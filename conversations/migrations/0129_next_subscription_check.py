from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("conversations", "0128_accounts_of_erasures")]

    operations = [
        migrations.RenameField("page", "subscription_look_at", "next_subscription_check"),
        migrations.AlterField(
            "page",
            "next_subscription_check",
            models.DateTimeField(
                blank=True, editable=False, help_text="When to check the subscription again", null=True
            ),
        ),
    ]
