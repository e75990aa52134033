from django.db import migrations

# Earlier versions counted messages as unreadable whose time had a form that they did not know. The next full run
# reads these threads once.
FORGET_AUDITS = """
UPDATE conversations_thread SET audited_count = NULL
WHERE unreadable_count > 0 AND history = 'complete' AND audited_count IS NOT NULL
"""


class Migration(migrations.Migration):
    dependencies = [("conversations", "0093_no_trigger_of_former_keys")]
    operations = [migrations.RunSQL(FORGET_AUDITS, migrations.RunSQL.noop)]
