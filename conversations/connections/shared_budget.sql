-- name: reserve
-- Reserves the next free start of a call, and returns the seconds until it.
INSERT INTO conversations_callbudget AS budget (facebook_page_id, platform, next_at, reason)
VALUES (%(page)s, %(platform)s, clock_timestamp() + %(gap)s, '')
ON CONFLICT (facebook_page_id, platform) DO UPDATE
SET next_at = greatest(budget.next_at, budget.closed_until, clock_timestamp()) + %(gap)s
RETURNING extract(epoch FROM next_at - %(gap)s - clock_timestamp())

-- name: close
-- Allows no call for some time.
INSERT INTO conversations_callbudget AS budget (facebook_page_id, platform, closed_until, reason)
VALUES (%(page)s, %(platform)s, clock_timestamp() + %(gap)s, %(reason)s)
ON CONFLICT (facebook_page_id, platform) DO UPDATE
SET closed_until = greatest(budget.closed_until, excluded.closed_until), reason = excluded.reason
