-- Who calls most?
SELECT
    principal AS name,
    sum(events) AS events,
    coalesce(sum(events) FILTER (WHERE outcome = 'denied'), 0) AS denied
FROM activity
WHERE ($account = '' OR account = $account)
    AND ($region = '' OR aws_region = $region)
GROUP BY principal
ORDER BY events DESC, name
LIMIT 10
