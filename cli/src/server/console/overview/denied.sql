-- What was refused most often, and to whom?
SELECT
    principal,
    coalesce(action, event_source || ' ' || event_name) AS what,
    sum(calls) AS calls,
    max(last_seen) AS last_seen
FROM activity
WHERE outcome = 'denied'
    AND ($account = '' OR account = $account)
    AND ($region = '' OR aws_region = $region)
GROUP BY principal, coalesce(action, event_source || ' ' || event_name)
ORDER BY calls DESC, principal, what
LIMIT 10
