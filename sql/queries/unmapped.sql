-- Of which events does nobody know the permission? One row for each event name. A policy leaves
-- them out and says so.
SELECT
    event_source, -- service that was called
    event_name, -- operation, as CloudTrail names it
    count(DISTINCT principal) AS principals, -- how many called it
    sum(calls) AS calls, -- how often
    min(first_seen) AS first_seen, -- time of the first
    max(last_seen) AS last_seen, -- time of the last
    min(sample_event_id) AS sample_event_id -- one of them
FROM activity
WHERE mapping = 'unmapped'
GROUP BY event_source, event_name
