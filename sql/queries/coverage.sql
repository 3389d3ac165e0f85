-- Of which days are there logs? One row for each account and region that recorded events.
SELECT
    account, -- account that received the events
    aws_region, -- region that was called
    min(day) AS first_day, -- first day with an event, UTC
    max(day) AS last_day, -- last day with an event
    count(DISTINCT day) AS days, -- days with an event
    CAST(max(day) AS INT) - CAST(min(day) AS INT) + 1 - count(DISTINCT day) AS missing_days, -- days between the first and the last without one
    sum(events) AS events -- events, copies and all
FROM days
GROUP BY account, aws_region
