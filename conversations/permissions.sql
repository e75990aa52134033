-- name: colleagues
-- The active users who may see the Page, with their role there, by name.
SELECT account.id, account.username, CASE WHEN account.is_superuser THEN NULL ELSE member.role END
FROM auth_user AS account
LEFT JOIN conversations_pagemember AS member ON member.user_id = account.id AND member.page_id = %(page)s
WHERE account.is_active AND (account.is_superuser OR member.role IS NOT NULL)
ORDER BY account.username

-- name: roles
-- The Pages that a user may see, with the user's role; superusers see all and need none.
SELECT page.id, page.facebook_page_id, member.role
FROM conversations_page AS page
LEFT JOIN conversations_pagemember AS member ON member.page_id = page.id AND member.user_id = %(user)s
WHERE %(is_superuser)s OR member.role IS NOT NULL
