-- On which days are there logs? One row for each account, region and day with events, and for its
-- data events one for each service. A lake keeps it as a table, as it does `activity`.
SELECT
    recipient_account_id AS account, -- account that received the events
    aws_region, -- region that was called
    CAST(event_time AS DATE) AS day, -- on which day, UTC
    CASE WHEN event_category = 'Data' OR NOT management_event THEN event_source END AS data_events_of, -- service of which these are data events; null if they are none
    count(*) AS events -- events, copies and all
FROM events
GROUP BY
    recipient_account_id,
    aws_region,
    CAST(event_time AS DATE),
    CASE WHEN event_category = 'Data' OR NOT management_event THEN event_source END
