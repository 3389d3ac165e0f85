-- When was each action first used, and by whom? One row for each principal and action that was
-- not seen before.
--
-- $since time = -30d: the first use is at this time or later
SELECT
    principal,
    action,
    min(first_seen) AS first_seen,
    sum(calls) AS calls,
    min(sample_event_id) AS sample_event_id
FROM activity
WHERE mapping = 'mapped' AND outcome <> 'denied'
GROUP BY principal, action
HAVING min(first_seen) >= $since
ORDER BY first_seen, principal, action
