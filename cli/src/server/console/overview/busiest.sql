-- Which services are called most, or who calls most?
SELECT
    CASE WHEN $by = 'service' THEN event_source ELSE principal END AS name,
    sum(events) AS events,
    coalesce(sum(events) FILTER (WHERE outcome = 'denied'), 0) AS denied
FROM activity
WHERE ($account = '' OR account = $account)
    AND ($region = '' OR aws_region = $region)
GROUP BY CASE WHEN $by = 'service' THEN event_source ELSE principal END
ORDER BY events DESC, name
LIMIT 10
