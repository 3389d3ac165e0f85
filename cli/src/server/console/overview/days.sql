-- On which days was how much recorded, where, and how much of it refused? One row for each account,
-- region and day.
SELECT
    account,
    aws_region AS region,
    CAST(day AS INT) AS day,
    sum(events) AS events,
    coalesce(sum(events) FILTER (WHERE outcome = 'denied'), 0) AS denied
FROM activity
WHERE ($account = '' OR account = $account)
    AND ($region = '' OR aws_region = $region)
GROUP BY account, aws_region, day
