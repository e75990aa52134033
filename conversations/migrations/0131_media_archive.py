import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

from conversations.models import sql

# As in 0130.
CASCADE = """
ALTER TABLE conversations_archivedpart ADD CONSTRAINT archived_part_event FOREIGN KEY (event_id)
REFERENCES conversations_interactionevent (id) ON DELETE CASCADE
"""


def install(apps, schema_editor):
    sql.install(schema_editor.connection, sql.read("media.sql"))


class Migration(migrations.Migration):

    dependencies = [
        ('conversations', '0130_link_renewals'),
    ]

    operations = [
        migrations.CreateModel(
            name='ArchivePosition',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.BigIntegerField(default=0)),
                ('seen', models.BigIntegerField(default=0)),
                ('seen_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('started_at', models.DateTimeField(default=django.utils.timezone.now, help_text='When it began with the first message')),
            ],
        ),
        migrations.CreateModel(
            name='MediaFile',
            fields=[
                ('digest', models.TextField(help_text='SHA-256 of the content, hexadecimal', primary_key=True, serialize=False)),
                ('size', models.BigIntegerField(help_text='Bytes')),
                ('media_type', models.TextField(help_text='By its first bytes')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.CreateModel(
            name='ArchivedPart',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('index', models.IntegerField(help_text='Counts attachments_of() from 0')),
                ('part', models.TextField(help_text='A media.parts.Part')),
                ('state', models.TextField(choices=[('waiting', 'Waiting'), ('kept', 'Kept'), ('missing', 'Missing')], default='waiting')),
                ('reason', models.TextField(blank=True, default='', help_text='Why it is missing, for people')),
                ('tries', models.IntegerField(default=0)),
                ('next_try_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('event', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='archived_parts', to='conversations.interactionevent')),
                ('page', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='archived_parts', to='conversations.page')),
                ('file', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='parts', to='conversations.mediafile')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state', 'waiting')), fields=['page', '-event'], name='archivedpart_waiting')],
                'constraints': [models.UniqueConstraint(fields=('event', 'index', 'part'), name='archivedpart_of_event')],
            },
        ),
        migrations.RunSQL(CASCADE, migrations.RunSQL.noop),
        migrations.RunPython(install, migrations.RunPython.noop),
    ]
