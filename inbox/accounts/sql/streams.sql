-- Open streams were authenticated when they opened. These triggers notify them when that may no longer hold: a session
-- or an API key ended, a password or the staff status changed. Two functions are those of
-- conversations/models/sql/permissions.sql.

-- A session that ends takes its record along.
CREATE OR REPLACE FUNCTION accounts_end_session() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
DECLARE
  owner integer;
BEGIN
  IF TG_OP = 'DELETE' THEN
    DELETE FROM accounts_sessionrecord WHERE session_key = OLD.session_key RETURNING user_id INTO owner;
  ELSE
    SELECT user_id INTO owner FROM accounts_sessionrecord WHERE session_key = OLD.session_key;
  END IF;
  IF owner IS NOT NULL THEN
    PERFORM pg_notify('inbox_rights', owner::text);
  END IF;
  RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER notify_key_end AFTER DELETE ON accounts_apikey
  FOR EACH ROW EXECUTE FUNCTION conversations_notify_permission_change();
CREATE OR REPLACE TRIGGER notify_key_change AFTER UPDATE ON accounts_apikey FOR EACH ROW
  WHEN ((OLD.user_id, OLD.digest, OLD.scope, OLD.expires_at)
        IS DISTINCT FROM (NEW.user_id, NEW.digest, NEW.scope, NEW.expires_at))
  EXECUTE FUNCTION conversations_notify_permission_change();
CREATE OR REPLACE TRIGGER notify_login_change AFTER UPDATE ON auth_user FOR EACH ROW
  WHEN ((OLD.password, OLD.is_staff) IS DISTINCT FROM (NEW.password, NEW.is_staff))
  EXECUTE FUNCTION conversations_notify_user_change();
CREATE OR REPLACE TRIGGER notify_session_end AFTER DELETE ON django_session
  FOR EACH ROW EXECUTE FUNCTION accounts_end_session();
CREATE OR REPLACE TRIGGER notify_session_cut AFTER UPDATE ON django_session FOR EACH ROW
  WHEN (NEW.expire_date < OLD.expire_date) EXECUTE FUNCTION accounts_end_session();
