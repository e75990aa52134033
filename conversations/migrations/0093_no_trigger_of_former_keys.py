from django.db import migrations

# Keys are in accounts_apikey since inbox.accounts, which has triggers of its own.
DROP = "DROP TRIGGER IF EXISTS notify_permission_change ON authtoken_token"


class Migration(migrations.Migration):
    dependencies = [
        ("conversations", "0092_view_names"),
        ("authtoken", "0004_alter_tokenproxy_options"),
    ]
    operations = [migrations.RunSQL(DROP, migrations.RunSQL.noop)]
