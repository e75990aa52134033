
import conversations.models.privacy
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('conversations', '0030_waiting'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
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
            name='Erasure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.TextField(choices=[('person', 'One person'), ('page', 'Everything of a Page')])),
                ('facebook_page_id', models.TextField(verbose_name="Facebook's id of the Page")),
                ('page_name', models.TextField(blank=True, default='')),
                ('actor_name', models.TextField(blank=True, default='', verbose_name='by')),
                ('keeps_page', models.BooleanField(default=False, help_text='The Page stays connected')),
                ('conversations', models.BigIntegerField(default=0)),
                ('messages', models.BigIntegerField(default=0)),
                ('history', models.BigIntegerField(default=0, help_text='Events that tell what staff did')),
                ('tags', models.BigIntegerField(default=0, help_text='Tags on conversations')),
                ('threads', models.BigIntegerField(default=0)),
                ('total', models.BigIntegerField(default=0, help_text='Conversations there were at its beginning')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('actor', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('page', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='erasures', to='conversations.page')),
            ],
            options={
                'indexes': [models.Index(models.F('page'), condition=models.Q(('ended_at__isnull', True)), name='erasure_in_work')],
            },
        ),
    ]
