-- What did one principal do, as long as there are events?
SELECT event_source, event_name, coalesce(error_code, '') AS error, count(*) AS events
FROM events
WHERE principal = '{principal}'
GROUP BY event_source, event_name, coalesce(error_code, '')
