-- name: roles
-- The Pages that a user may see, with the user's role; superusers see all and need none.
SELECT page.id, page.facebook_page_id, member.role
FROM conversations_page AS page
LEFT JOIN conversations_pagemember AS member ON member.page_id = page.id AND member.user_id = %(user)s
WHERE %(is_superuser)s OR member.role IS NOT NULL
