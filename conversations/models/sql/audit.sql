-- The audit log is append-only, whoever writes: a row is deleted only after 400 days, and changed only where a person
-- who is named in its words is deleted. Django's tests empty their databases (test_…) with TRUNCATE.

CREATE OR REPLACE FUNCTION conversations_keep_audit_entries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'TRUNCATE' AND current_database() LIKE 'test\_%' THEN
    RETURN NULL;
  END IF;
  IF TG_OP = 'DELETE' AND OLD.at < now() - interval '400 days' THEN
    RETURN OLD;
  END IF;
  IF TG_OP = 'UPDATE' AND NEW.target_name = '' AND NEW.details = '{"erased": true}'
     AND to_jsonb(NEW) - '{target_name,details}'::text[] = to_jsonb(OLD) - '{target_name,details}'::text[] THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'The audit log is append-only: its entries are kept for 400 days.'
    USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE OR REPLACE TRIGGER keep_audit_entries BEFORE UPDATE OR DELETE ON conversations_auditentry
  FOR EACH ROW EXECUTE FUNCTION conversations_keep_audit_entries();
CREATE OR REPLACE TRIGGER keep_audit_log BEFORE TRUNCATE ON conversations_auditentry
  FOR EACH STATEMENT EXECUTE FUNCTION conversations_keep_audit_entries();
