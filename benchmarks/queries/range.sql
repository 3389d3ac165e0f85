-- The same, for some days.
SELECT principal, event_source, event_name, coalesce(error_code, '') AS error, count(*) AS events
FROM events
WHERE event_time >= '{from}' AND event_time < '{to}'
GROUP BY principal, event_source, event_name, coalesce(error_code, '')
