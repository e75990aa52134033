from django.conf import settings
from django.db import migrations

# Whoever watches a stream was asked for his rights when it opened. Here is told whose rights have changed:
# roles on Pages, users who left or became superusers, keys that were renewed or revoked. The user's id alone.
TRIGGERS = """
CREATE FUNCTION conversations_rights_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'INSERT' THEN
    PERFORM pg_notify('inbox_rights', OLD.user_id::text);
  END IF;
  IF TG_OP <> 'DELETE' THEN
    PERFORM pg_notify('inbox_rights', NEW.user_id::text);
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION conversations_user_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('inbox_rights', NEW.id::text);
  RETURN NULL;
END $$;

CREATE TRIGGER rights_changed AFTER INSERT OR UPDATE OR DELETE ON conversations_pagemember
  FOR EACH ROW EXECUTE FUNCTION conversations_rights_changed();
CREATE TRIGGER rights_changed AFTER UPDATE OR DELETE ON authtoken_token
  FOR EACH ROW EXECUTE FUNCTION conversations_rights_changed();
CREATE TRIGGER rights_changed AFTER UPDATE ON auth_user FOR EACH ROW
  WHEN ((OLD.is_active, OLD.is_superuser) IS DISTINCT FROM (NEW.is_active, NEW.is_superuser))
  EXECUTE FUNCTION conversations_user_changed();
"""

NO_TRIGGERS = "DROP FUNCTION conversations_rights_changed, conversations_user_changed CASCADE;"


class Migration(migrations.Migration):
    dependencies = [
        ("conversations", "0040_forgetting"),
        ("authtoken", "0004_alter_tokenproxy_options"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [migrations.RunSQL(TRIGGERS, NO_TRIGGERS)]
