-- The keys of rest_framework.authtoken go on: one for each user, in clear until now. Only their hashes stay.
INSERT INTO accounts_apikey (user_id, name, scope, digest, prefix, created_at)
  SELECT user_id, 'Key of an earlier version', 'write', encode(sha256(convert_to(key, 'UTF8')), 'hex'), left(key, 6), created
  FROM authtoken_token;
DELETE FROM authtoken_token;
