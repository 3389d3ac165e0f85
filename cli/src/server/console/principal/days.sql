-- When did a principal call which service? One row for each service and day.
SELECT
    event_source AS source,
    CAST(day AS INT) AS day,
    sum(events) AS events,
    coalesce(sum(events) FILTER (WHERE outcome = 'denied'), 0) AS denied
FROM activity
WHERE principal = $principal
GROUP BY event_source, day
