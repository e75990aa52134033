-- name: key
-- The usable key with this digest, with its user: as ApiKeyQuerySet.usable() says.
SELECT {columns}
FROM accounts_apikey
JOIN auth_user ON auth_user.id = accounts_apikey.user_id
WHERE digest = %(digest)s AND (expires_at IS NULL OR expires_at > %(now)s) AND auth_user.is_active

-- name: session
-- The session with this key, unless it has ended.
SELECT {columns} FROM django_session WHERE session_key = %(key)s AND expire_date > %(now)s

-- name: user
SELECT {columns} FROM auth_user WHERE id = %(pk)s
