# A new database runs this migration in place of those that it replaces. They stay for existing databases, until
# all of these have them.

import conversations.lib.encryption
import conversations.models.pages
import conversations.models.privacy
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.fields.json
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from conversations.models import sql


FILES = ("search_keys.sql", "counters.sql", "message_queue.sql", "permissions.sql")


def install_search_keys(apps, schema_editor):
    """The functions of the search indexes, which are created with their tables."""
    sql.install(schema_editor.connection, sql.read("search_keys.sql"))


def install(apps, schema_editor):
    sql.install(schema_editor.connection, *map(sql.read, FILES))


class Migration(migrations.Migration):

    initial = True

    replaces = [
        ('conversations', '0001_initial'),
        ('conversations', '0002_jobs'),
        ('conversations', '0003_engine'),
        ('conversations', '0004_told'),
        ('conversations', '0005_reading'),
        ('conversations', '0006_actor_index'),
        ('conversations', '0010_reads'),
        ('conversations', '0011_search'),
        ('conversations', '0012_messages'),
        ('conversations', '0013_acts'),
        ('conversations', '0014_savedview'),
        ('conversations', '0020_insight'),
        ('conversations', '0030_waiting'),
        ('conversations', '0040_forgetting'),
        ('conversations', '0041_rights'),
        ('conversations', '0050_course'),
        ('conversations', '0060_quicker_keys'),
        ('conversations', '0061_search_path'),
        ('conversations', '0062_plain_words'),
        ('conversations', '0063_standard_names'),
    ]

    dependencies = [
        ('authtoken', '0004_alter_tokenproxy_options'),
        ('tags', '0001_squashed_0002_plain_words'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunPython(install_search_keys, migrations.RunPython.noop),
        migrations.CreateModel(
            name='Page',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('facebook_page_id', models.TextField(verbose_name='Facebook ID')),
                ('name', models.TextField(blank=True)),
                ('access_token', conversations.lib.encryption.EncryptedTextField(blank=True, editable=False)),
                ('platforms', models.JSONField(default=conversations.models.pages.messenger_only)),
                ('instagram_account_id', models.TextField(blank=True, default='')),
                ('state', models.TextField(choices=[('connected', 'Connected'), ('reconnect', 'Reconnect')], default='connected')),
                ('state_reason', models.TextField(blank=True, default='')),
                ('capabilities', models.JSONField(blank=True, default=dict, help_text='What Facebook allows for this Page')),
                ('last_synced_at', models.DateTimeField(blank=True, null=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('last_full_sync_at', models.DateTimeField(blank=True, help_text='When a full sync last completed', null=True)),
                ('watermarks', models.JSONField(blank=True, default=dict)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('facebook_page_id',), name='page_facebook_page_id')],
            },
        ),
        migrations.CreateModel(
            name='PageMember',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.TextField(choices=[('viewer', 'Viewer'), ('tagger', 'Tagger'), ('manager', 'Manager')], default='viewer')),
                ('page', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='members', to='conversations.page')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='page_memberships', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('page', 'user'), name='pagemember_page_user')],
            },
        ),
        migrations.CreateModel(
            name='CallBudget',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('facebook_page_id', models.TextField()),
                ('platform', models.TextField(choices=[('messenger', 'Messenger'), ('instagram', 'Instagram')])),
                ('next_at', models.DateTimeField(blank=True, null=True)),
                ('closed_until', models.DateTimeField(blank=True, help_text='Facebook accepts no calls until then', null=True)),
                ('reason', models.TextField(blank=True, default='')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('facebook_page_id', 'platform'), name='callbudget_page_platform')],
            },
        ),
        migrations.CreateModel(
            name='Conversation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sender_id', models.TextField()),
                ('platform', models.TextField(choices=[('messenger', 'Messenger'), ('instagram', 'Instagram')], default='messenger')),
                ('graph_id', models.TextField(blank=True, default='', help_text='Facebook ID of the newest thread')),
                ('sender_name', models.TextField(blank=True, default='')),
                ('last_message', models.TextField(blank=True, default='')),
                ('last_message_time', models.DateTimeField(blank=True, null=True)),
                ('message_count', models.BigIntegerField(default=0, help_text='As reported by Facebook, an estimate')),
                ('unread_count', models.BigIntegerField(default=0)),
                ('can_reply', models.BooleanField(default=True)),
                ('conversation_status', models.TextField(choices=[('active', 'Open'), ('done', 'Done')], default='active')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('updated_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('search', models.TextField(blank=True, default='', editable=False)),
                ('page', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='conversations', to='conversations.page')),
                ('told', models.JSONField(blank=True, default=dict, editable=False, help_text='Which columns the newest state did not tell, each with the time and thread of the state that did')),
                ('last_message_kind', models.TextField(blank=True, default='', help_text="The kind of the newest message's event; empty: unknown")),
                ('facets', models.GeneratedField(db_persist=True, expression=django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.Case(models.When(conversation_status='done', then=1), default=0), '+', models.Case(models.When(platform='instagram', then=2), default=0)), '+', models.Case(models.When(then=4, unread_count__gt=0), default=0)), '+', models.Case(models.When(conversation_status='active', last_message_kind='message_received', then=8), default=0)), output_field=models.SmallIntegerField())),
            ],
            options={
                'indexes': [models.Index(models.F('page'), models.OrderBy(models.F('last_message_time'), descending=True, nulls_last=True), models.OrderBy(models.F('id'), descending=True), name='conversation_newest_first'), models.Index(models.F('page'), models.F('facets'), models.OrderBy(models.F('last_message_time'), descending=True, nulls_last=True), models.OrderBy(models.F('id'), descending=True), name='conversation_by_facets'), models.Index(models.F('facets'), models.OrderBy(models.F('last_message_time'), descending=True, nulls_last=True), models.OrderBy(models.F('id'), descending=True), models.F('page'), name='conversation_everywhere'), django.contrib.postgres.indexes.GinIndex(models.Func(models.F('page'), models.F('search'), function='conversations_search_keys'), gin_pending_list_limit=1024, name='conversation_search')],
                'constraints': [models.UniqueConstraint(fields=('page', 'sender_id'), name='conversation_page_sender_id')],
            },
        ),
        migrations.CreateModel(
            name='Thread',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('platform', models.TextField(choices=[('messenger', 'Messenger'), ('instagram', 'Instagram')], default='messenger')),
                ('graph_id', models.TextField()),
                ('updated_time', models.DateTimeField(blank=True, null=True)),
                ('state', models.TextField(choices=[('stored', 'Stored'), ('merged', 'Duplicate'), ('unreadable', 'Unreadable'), ('owed', 'Pending')], default='stored')),
                ('reason', models.TextField(blank=True, default='')),
                ('message_count', models.BigIntegerField(default=0, help_text='As reported by Facebook, an estimate')),
                ('held_count', models.BigIntegerField(default=0, help_text='Stored messages of this thread')),
                ('unreadable_count', models.BigIntegerField(default=0, help_text='Messages that could not be read')),
                ('history', models.TextField(choices=[('partial', 'Partial'), ('complete', 'Complete'), ('truncated', 'Truncated')], default='partial')),
                ('complete_until', models.DateTimeField(blank=True, null=True)),
                ('record', models.JSONField(blank=True, help_text='What Facebook sent, if it could not be read', null=True)),
                ('conversation', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='threads', to='conversations.conversation')),
                ('page', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='threads', to='conversations.page')),
                ('audited_count', models.BigIntegerField(blank=True, null=True)),
                ('told', models.JSONField(blank=True, default=dict, editable=False, help_text='Which columns the newest state did not tell, each with the time and thread of the state that did')),
                ('backfill', models.JSONField(blank=True, help_text='Position of the backfill of older messages', null=True)),
            ],
            options={
                'indexes': [models.Index(models.F('page'), condition=models.Q(('state', 'owed')), name='thread_pending'), models.Index(condition=models.Q(('state', 'unreadable')), fields=['page', '-id'], name='thread_unreadable')],
                'constraints': [models.UniqueConstraint(fields=('page', 'graph_id'), name='thread_page_graph_id')],
            },
        ),
        migrations.CreateModel(
            name='InteractionEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.TextField(choices=[('message_received', 'Message Received'), ('message_sent', 'Message Sent'), ('message_unknown', 'Message Unknown'), ('tag_added', 'Tag Added'), ('tag_removed', 'Tag Removed'), ('status_changed', 'Status Changed')])),
                ('graph_id', models.TextField(blank=True, null=True)),
                ('occurred_at', models.DateTimeField()),
                ('text', models.TextField(blank=True, default='')),
                ('attachments', models.JSONField(blank=True, default=list)),
                ('data', models.JSONField(blank=True, default=dict)),
                ('actor', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL)),
                ('conversation', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='events', to='conversations.conversation')),
            ],
            options={
                'indexes': [models.Index(fields=['conversation', '-occurred_at', '-id'], name='event_newest_first'), models.Index(condition=models.Q(('actor__isnull', False)), fields=['actor'], name='event_actor'), models.Index(django.db.models.fields.json.KeyTextTransform('act', 'data'), condition=models.Q(('kind__in', ['tag_added', 'tag_removed', 'status_changed'])), name='event_act')],
                'constraints': [models.UniqueConstraint(fields=('conversation', 'graph_id'), name='event_conversation_graph_id')],
            },
        ),
        migrations.CreateModel(
            name='ConversationTag',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('last_message_time', models.DateTimeField(blank=True, null=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('act', models.UUIDField(help_text='The operation that added the tag')),
                ('actor', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL)),
                ('conversation', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='tag_rows', to='conversations.conversation')),
                ('tag', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='conversation_rows', to='tags.tag')),
                ('page', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='conversations.page')),
            ],
            options={
                'indexes': [models.Index(models.F('page'), models.F('tag'), models.OrderBy(models.F('last_message_time'), descending=True, nulls_last=True), models.OrderBy(models.F('conversation'), descending=True), name='conversationtag_newest_first'), models.Index(models.F('tag'), models.OrderBy(models.F('last_message_time'), descending=True, nulls_last=True), models.OrderBy(models.F('conversation'), descending=True), models.F('page'), name='conversationtag_everywhere')],
                'constraints': [models.UniqueConstraint(fields=('conversation', 'tag'), name='conversationtag_conversation_tag')],
            },
        ),
        migrations.CreateModel(
            name='SyncRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('mode', models.TextField(choices=[('full', 'Full'), ('incremental', 'Incremental')])),
                ('trigger', models.TextField(help_text='Where the sync was requested')),
                ('status', models.TextField(choices=[('queued', 'Queued'), ('starting', 'Starting'), ('fetching', 'Fetching'), ('syncing', 'Syncing'), ('waiting', 'Waiting'), ('retrying', 'Retrying'), ('complete', 'Completed'), ('complete_with_errors', 'Completed with errors'), ('error', 'Error'), ('interrupted', 'Interrupted'), ('cancelled', 'Cancelled')], default='queued')),
                ('inserted', models.IntegerField(default=0)),
                ('updated', models.IntegerField(default=0)),
                ('unchanged', models.IntegerField(default=0)),
                ('skipped', models.IntegerField(default=0)),
                ('owed', models.IntegerField(default=0)),
                ('total', models.IntegerField(default=0)),
                ('events_created', models.IntegerField(default=0)),
                ('requests', models.IntegerField(default=0)),
                ('checkpoint', models.JSONField(blank=True, default=dict, help_text='The checkpoint from which the next run resumes')),
                ('notes', models.JSONField(blank=True, default=list, help_text='Remarks that need no action')),
                ('error', models.TextField(blank=True, default='')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('started_at', models.DateTimeField(blank=True, null=True)),
                ('heartbeat_at', models.DateTimeField(blank=True, null=True)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('page', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='runs', to='conversations.page')),
                ('fault', models.TextField(blank=True, choices=[('owner', 'Owner'), ('facebook', 'Facebook'), ('inbox', 'Inbox')], default='', help_text='Who must act after an error')),
                ('wait_reason', models.TextField(blank=True, default='', help_text='Reason of the pause')),
                ('waits_until', models.DateTimeField(blank=True, null=True)),
                ('ledger', models.JSONField(blank=True, default=dict, help_text='Counts of threads by state at the end')),
                ('asked_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('samples', models.JSONField(blank=True, default=list, help_text='Samples for the chart, see sync.timeline')),
                ('waits', models.JSONField(blank=True, default=list, help_text='Pauses, see sync.timeline')),
            ],
            options={
                'indexes': [models.Index(fields=['page', '-id'], name='syncrun_newest_first')],
            },
        ),
        migrations.CreateModel(
            name='SavedView',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100)),
                ('query', models.JSONField(blank=True, default=dict)),
                ('is_shared', models.BooleanField(default=False, help_text='With the members of the Page; without a Page, with everyone')),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='saved_views', to=settings.AUTH_USER_MODEL)),
                ('page', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='saved_views', to='conversations.page')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('owner', 'name'), name='savedview_owner_name', violation_error_message='You already have a view with this name.')],
            },
        ),
        migrations.CreateModel(
            name='PageCount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('facets', models.SmallIntegerField()),
                ('conversations', models.BigIntegerField(default=0)),
                ('page', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='conversations.page')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('page', 'facets'), name='pagecount_page_facets')],
            },
        ),
        migrations.CreateModel(
            name='TagCount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('conversations', models.BigIntegerField(default=0)),
                ('page', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='conversations.page')),
                ('tag', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tags.tag')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('page', 'tag'), name='tagcount_page_tag', nulls_distinct=False)],
            },
        ),
        migrations.CreateModel(
            name='Untagged',
            fields=[
                ('conversation', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='conversations.conversation')),
                ('last_message_time', models.DateTimeField(null=True)),
                ('page', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='conversations.page')),
            ],
            options={
                'indexes': [models.Index(models.F('page'), models.OrderBy(models.F('last_message_time'), descending=True, nulls_last=True), models.OrderBy(models.F('conversation'), descending=True), name='untagged_newest_first'), models.Index(models.OrderBy(models.F('last_message_time'), descending=True, nulls_last=True), models.OrderBy(models.F('conversation'), descending=True), models.F('page'), name='untagged_everywhere')],
            },
        ),
        migrations.CreateModel(
            name='MessageIndexQueue',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('conversation_id', models.BigIntegerField()),
                ('is_changed', models.BooleanField(default=False, help_text='Indexed messages have changed: rebuild all chunks')),
            ],
        ),
        migrations.CreateModel(
            name='MessageIndexChunk',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.IntegerField(help_text='Number of the chunk in its conversation, from 1')),
                ('text', models.TextField(help_text='Folded messages with a separator between them')),
                ('event_ids', models.JSONField(help_text='The event ID of each message')),
                ('conversation', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='conversations.conversation')),
                ('page', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='conversations.page')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('conversation', 'number'), name='messageindexchunk_conversation_number')],
                'indexes': [django.contrib.postgres.indexes.GinIndex(models.Func(models.F('page'), models.F('text'), function='conversations_keys'), name='messageindexchunk_keys')],
            },
        ),
        migrations.CreateModel(
            name='MessageCount',
            fields=[
                ('page', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='conversations.page')),
                ('messages', models.BigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name='MessageBucket',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slot', models.IntegerField()),
                ('received', models.IntegerField(default=0)),
                ('sent', models.IntegerField(default=0)),
                ('begun', models.IntegerField(default=0, help_text='Conversations that began in this slot')),
                ('waiting', models.IntegerField(default=0, help_text='Messages of this slot that wait for a first reply')),
                ('page', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='conversations.page')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('page', 'slot'), name='messagebucket_page_slot')],
            },
        ),
        migrations.CreateModel(
            name='WeeklyReplyTimes',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('week', models.IntegerField(help_text='The first slot divided by WEEK_SLOTS')),
                ('asked', models.BinaryField(help_text='Slots of the messages, packed')),
                ('seconds', models.BinaryField(help_text='Seconds until the reply, packed')),
                ('page', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='conversations.page')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('page', 'week'), name='weeklyreplytimes_page_week')],
            },
        ),
        migrations.CreateModel(
            name='ConversationStats',
            fields=[
                ('conversation_id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('page_id', models.BigIntegerField(db_index=True)),
                ('received', models.BinaryField(help_text='The slot of each message, packed')),
                ('sent', models.BinaryField(help_text='The slot of each message, packed')),
                ('asked', models.BinaryField(help_text='The slot of each first message that was replied to, packed')),
                ('seconds', models.BinaryField(help_text='Seconds until each of these replies, packed')),
                ('begun', models.IntegerField(help_text='The slot of the first message, if it is recent enough', null=True)),
                ('waiting', models.IntegerField(help_text='The slot of the message that waits for a reply', null=True)),
            ],
        ),
        migrations.CreateModel(
            name='ForgottenKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('facebook_page_id', models.TextField()),
                ('key', models.TextField(default=conversations.models.privacy.new_key, editable=False)),
                ('forgotten_count', models.BigIntegerField(default=0)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('facebook_page_id',), name='forgottenkey_page')],
            },
        ),
        migrations.CreateModel(
            name='Fingerprint',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('facebook_page_id', models.TextField()),
                ('digest', models.TextField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('facebook_page_id', 'digest'), name='fingerprint_once')],
            },
        ),
        migrations.CreateModel(
            name='Erasure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.TextField(choices=[('person', 'One person'), ('page', 'Everything of a Page')])),
                ('facebook_page_id', models.TextField(verbose_name='Facebook ID of the Page')),
                ('page_name', models.TextField(blank=True, default='')),
                ('actor_name', models.TextField(blank=True, default='', verbose_name='by')),
                ('keeps_page', models.BooleanField(default=False, help_text='The Page stays connected')),
                ('conversations', models.BigIntegerField(default=0)),
                ('messages', models.BigIntegerField(default=0)),
                ('history', models.BigIntegerField(default=0, help_text='Events of staff actions')),
                ('tags', models.BigIntegerField(default=0, help_text='Tags on conversations')),
                ('threads', models.BigIntegerField(default=0)),
                ('total', models.BigIntegerField(default=0, help_text='Number of conversations at the start')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('actor', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('page', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='erasures', to='conversations.page')),
            ],
            options={
                'indexes': [models.Index(models.F('page'), condition=models.Q(('ended_at__isnull', True)), name='erasure_in_progress')],
            },
        ),
        migrations.RunPython(install, migrations.RunPython.noop),
    ]
