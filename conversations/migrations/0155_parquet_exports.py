from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("conversations", "0154_contact_times")]

    operations = [
        migrations.AlterField(
            "export",
            "format",
            models.TextField(choices=[("csv", "CSV"), ("ndjson", "NDJSON"), ("parquet", "Parquet")]),
        ),
        migrations.AddField("exportpart", "footer", models.BinaryField(editable=False, null=True)),
    ]
