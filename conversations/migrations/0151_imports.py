import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('conversations', '0147_events_of_actors'),
    ]

    operations = [
        migrations.CreateModel(
            name='ImportCheck',
            fields=[
                ('conversation', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='import_check', serialize=False, to='conversations.conversation')),
            ],
        ),
        migrations.AddField(
            model_name='page',
            name='has_imports',
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
        migrations.AddField(
            model_name='page',
            name='import_months',
            field=models.JSONField(blank=True, db_default={}, default=dict, editable=False),
        ),
        migrations.AlterField(
            model_name='interactionevent',
            name='kind',
            field=models.TextField(choices=[('message_received', 'Message Received'), ('message_sent', 'Message Sent'), ('message_unknown', 'Message Unknown'), ('tag_added', 'Tag Added'), ('tag_removed', 'Tag Removed'), ('status_changed', 'Status Changed'), ('content_updated', 'Content Updated'), ('referral_received', 'Referral Received'), ('assignee_changed', 'Assignee Changed'), ('snoozed', 'Snoozed'), ('snooze_ended', 'Snooze Ended'), ('note_added', 'Note Added'), ('archive_joined', 'Archive Joined'), ('archive_separated', 'Archive Separated')]),
        ),
        migrations.AlterField(
            model_name='removedconversation',
            name='kind',
            field=models.TextField(choices=[('joined', 'Joined'), ('separated', 'Separated'), ('imported', 'Imported')]),
        ),
        migrations.CreateModel(
            name='ImportedThread',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('thread_id', models.TextField(help_text='Of the archive: never the ID of a person')),
                ('platform', models.TextField(choices=[('messenger', 'Messenger'), ('instagram', 'Instagram')], default='messenger')),
                ('customer_name', models.TextField(blank=True, default='')),
                ('state', models.TextField(choices=[('matched', 'Matched'), ('suggested', 'Suggested'), ('own', 'On its own')], default='own')),
                ('message_count', models.BigIntegerField(default=0, help_text='Messages of the thread in archives')),
                ('first_at', models.DateTimeField(blank=True, null=True)),
                ('last_at', models.DateTimeField(blank=True, null=True)),
                ('has_gaps', models.BooleanField(default=False, help_text='Parts of the thread are missing in the archive')),
                ('digest', models.TextField(blank=True, default='', editable=False)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('conversation', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='imported_threads', to='conversations.conversation')),
                ('page', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='imported_threads', to='conversations.page')),
            ],
        ),
        migrations.CreateModel(
            name='ImportedMessage',
            fields=[
                ('pk', models.CompositePrimaryKey('thread_id', 'key', blank=True, editable=False, primary_key=True, serialize=False)),
                ('key', models.UUIDField(help_text='ArchiveMessage.import_key')),
                ('event_id', models.BigIntegerField()),
                ('proof', models.BigIntegerField(null=True)),
                ('thread', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='messages', to='conversations.importedthread')),
            ],
        ),
        migrations.CreateModel(
            name='ImportSuggestion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('proofs', models.IntegerField(default=0, help_text='Messages of the customer that both have')),
                ('texts', models.IntegerField(default=0, help_text='Texts of the archive in the time that both hold')),
                ('found', models.IntegerField(default=0, help_text='How many of these the conversation has')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('rejected_at', models.DateTimeField(blank=True, null=True)),
                ('conversation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='import_suggestions', to='conversations.conversation')),
                ('thread', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='suggestions', to='conversations.importedthread')),
            ],
        ),
        migrations.CreateModel(
            name='MessageFingerprint',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('facebook_page_id', models.TextField()),
                ('digest', models.TextField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('facebook_page_id', 'digest'), name='messagefingerprint_once')],
            },
        ),
        migrations.AddIndex(
            model_name='importedthread',
            index=models.Index(condition=models.Q(('state', 'suggested')), fields=['page', '-id'], name='importedthread_suggested'),
        ),
        migrations.AddConstraint(
            model_name='importedthread',
            constraint=models.UniqueConstraint(fields=('page', 'thread_id'), name='importedthread_page_thread_id'),
        ),
        migrations.AddIndex(
            model_name='importedmessage',
            index=models.Index(condition=models.Q(('proof__isnull', False)), fields=['proof'], name='importedmessage_proof'),
        ),
        migrations.AddConstraint(
            model_name='importsuggestion',
            constraint=models.UniqueConstraint(fields=('thread', 'conversation'), name='importsuggestion_pair'),
        ),
    ]
