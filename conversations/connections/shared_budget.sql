-- name: reserve
-- Reserves the next free start of a call, and returns the seconds until it. It counts the call and its wait, too.
INSERT INTO conversations_callbudget AS budget (facebook_page_id, platform, next_at, reason, calls)
VALUES (%(page)s, %(platform)s, clock_timestamp() + %(gap)s, '', 1)
ON CONFLICT (facebook_page_id, platform) DO UPDATE
SET next_at = greatest(budget.next_at, budget.closed_until, clock_timestamp()) + %(gap)s,
  calls = budget.calls + 1,
  waited_seconds = budget.waited_seconds
    + greatest(0, extract(epoch FROM greatest(budget.next_at, budget.closed_until) - clock_timestamp()))
RETURNING extract(epoch FROM next_at - %(gap)s - clock_timestamp())

-- name: count_call
-- Counts a call that waits for no turn.
INSERT INTO conversations_callbudget AS budget (facebook_page_id, platform, reason, calls)
VALUES (%(page)s, %(platform)s, '', 1)
ON CONFLICT (facebook_page_id, platform) DO UPDATE SET calls = budget.calls + 1

-- name: close
-- Allows no call for some time.
INSERT INTO conversations_callbudget AS budget (facebook_page_id, platform, closed_until, reason)
VALUES (%(page)s, %(platform)s, clock_timestamp() + %(gap)s, %(reason)s)
ON CONFLICT (facebook_page_id, platform) DO UPDATE
SET closed_until = greatest(budget.closed_until, excluded.closed_until), reason = excluded.reason

-- name: count_failure
-- Counts a call that has failed in one of three ways. The row is there since the start of the call.
UPDATE conversations_callbudget SET throttled = throttled + (%(outcome)s = 'throttled')::int,
  transient = transient + (%(outcome)s = 'transient')::int, refused = refused + (%(outcome)s = 'refused')::int
WHERE facebook_page_id = %(page)s AND platform = %(platform)s
