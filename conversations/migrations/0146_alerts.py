
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('conversations', '0145_history'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Alert',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('cause', models.TextField(choices=[('token', 'Access refused'), ('expiry', 'Access expires soon'), ('subscription', 'Webhooks lost'), ('audit', 'Full sync failed'), ('sync', 'No complete sync for a day')])),
                ('sentence', models.TextField(help_text='What is wrong, for everybody who sees the Page')),
                ('opened_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('closed_at', models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name='AlertNotice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('phase', models.TextField(choices=[('opened', 'Opened'), ('closed', 'Closed')])),
                ('channel', models.TextField(choices=[('mail', 'Mail'), ('post', 'Post')])),
                ('attempts', models.IntegerField(default=0)),
                ('next_at', models.DateTimeField(default=django.utils.timezone.now, help_text='null: not to be sent any more', null=True)),
                ('sent_at', models.DateTimeField(blank=True, null=True)),
                ('error', models.TextField(blank=True, default='', help_text='Why the last attempt failed')),
            ],
        ),
        migrations.AddIndex(
            model_name='syncrun',
            index=models.Index(condition=models.Q(('mode', 'full')), fields=['page', '-id'], name='syncrun_full'),
        ),
        migrations.AddField(
            model_name='alert',
            name='page',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='alerts', to='conversations.page'),
        ),
        migrations.AddField(
            model_name='alertnotice',
            name='alert',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='notices', to='conversations.alert'),
        ),
        migrations.AddField(
            model_name='alertnotice',
            name='user',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddIndex(
            model_name='alert',
            index=models.Index(fields=['page', '-id'], name='alert_newest_first'),
        ),
        migrations.AddConstraint(
            model_name='alert',
            constraint=models.UniqueConstraint(condition=models.Q(('closed_at', None)), fields=('page', 'cause'), name='alert_open_once'),
        ),
        migrations.AddIndex(
            model_name='alertnotice',
            index=models.Index(condition=models.Q(('next_at__isnull', False)), fields=['next_at'], name='alertnotice_due'),
        ),
    ]
