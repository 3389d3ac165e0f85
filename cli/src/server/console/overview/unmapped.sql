-- Of which calls does nobody know the permission?
SELECT
    event_source,
    event_name,
    sum(events) AS calls,
    count(DISTINCT principal) AS principals,
    max(last_seen) AS last_seen
FROM activity
WHERE mapping = 'unmapped'
    AND ($account = '' OR account = $account)
    AND ($region = '' OR aws_region = $region)
GROUP BY event_source, event_name
ORDER BY calls DESC, event_source, event_name
LIMIT 10
