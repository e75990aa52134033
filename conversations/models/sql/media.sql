-- The files of a message that was unsent are forgotten with its content, whoever writes that. Files that no message
-- refers to any more are removed from the storage by a job.

CREATE OR REPLACE FUNCTION conversations_forget_files_of_unsent() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
  DELETE FROM conversations_archivedpart WHERE event_id = NEW.id;
  RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER forget_files_of_unsent AFTER UPDATE OF data ON conversations_interactionevent
  FOR EACH ROW WHEN (NEW.data ? 'deleted' AND NOT OLD.data ? 'deleted')
  EXECUTE FUNCTION conversations_forget_files_of_unsent();
