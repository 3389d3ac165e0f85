-- Of which days are there logs? One row for each account and region that recorded events.
SELECT
    recipient_account_id AS account, -- account that received the events
    aws_region, -- region that was called
    min(day) AS first_day, -- first day with an event, UTC
    max(day) AS last_day, -- last day with an event
    count(day) AS days, -- days with an event
    CAST(max(day) AS INT) - CAST(min(day) AS INT) + 1 - count(day) AS missing_days, -- days between the first and the last without one
    sum(events) AS events -- events, copies and all
FROM (
    SELECT
        recipient_account_id,
        aws_region,
        CAST(event_time AS DATE) AS day,
        count(*) AS events
    FROM events
    GROUP BY recipient_account_id, aws_region, CAST(event_time AS DATE)
)
GROUP BY recipient_account_id, aws_region
