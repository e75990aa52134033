# A new database runs this migration in place of those that it replaces. They stay for existing databases, until
# all of these have them.

import django.core.validators
import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    replaces = [
        ('tags', '0001_initial'),
        ('tags', '0002_plain_words'),
    ]

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Tag',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100)),
                ('slug', models.SlugField(allow_unicode=True, db_index=False, max_length=120)),
                ('color', models.CharField(default='#64748b', max_length=7, validators=[django.core.validators.RegexValidator('\\A#[0-9a-fA-F]{6}\\Z', 'Enter a color such as #1f7a8c.')])),
            ],
            options={
                'ordering': ['name', 'id'],
                'constraints': [models.UniqueConstraint(django.db.models.functions.text.Lower('name'), name='tag_name', violation_error_message='A tag with this name already exists.'), models.UniqueConstraint(fields=('slug',), name='tag_slug'), models.CheckConstraint(condition=models.Q(('slug__regex', '^[0-9]*$'), _negated=True), name='tag_slug_not_a_number')],
            },
        ),
    ]
