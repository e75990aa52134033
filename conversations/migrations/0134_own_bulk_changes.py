from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("conversations", "0133_prepared_exports")]

    operations = [
        migrations.AddIndex(
            "auditentry",
            models.Index(
                fields=["actor", "-id"],
                name="auditentry_bulk_changes",
                condition=Q(action__in=["bulk_changed", "bulk_undone"]),
            ),
        )
    ]
