-- Open streams check permissions when they open. These triggers notify them of later changes: roles on Pages, and
-- users who are deactivated or become superusers (inbox/accounts/sql/streams.sql has those of keys and sessions). The
-- payload is the user's ID.

CREATE OR REPLACE FUNCTION conversations_notify_permission_change() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
  IF TG_OP <> 'INSERT' THEN
    PERFORM pg_notify('inbox_rights', OLD.user_id::text);
  END IF;
  IF TG_OP <> 'DELETE' THEN
    PERFORM pg_notify('inbox_rights', NEW.user_id::text);
  END IF;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION conversations_notify_user_change() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
  PERFORM pg_notify('inbox_rights', NEW.id::text);
  RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER notify_permission_change AFTER INSERT OR UPDATE OR DELETE ON conversations_pagemember
  FOR EACH ROW EXECUTE FUNCTION conversations_notify_permission_change();
CREATE OR REPLACE TRIGGER notify_user_change AFTER UPDATE ON auth_user FOR EACH ROW
  WHEN ((OLD.is_active, OLD.is_superuser) IS DISTINCT FROM (NEW.is_active, NEW.is_superuser))
  EXECUTE FUNCTION conversations_notify_user_change();
