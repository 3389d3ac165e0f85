-- How often did each principal call each operation, and how did it end?
SELECT principal, event_source, event_name, coalesce(error_code, '') AS error, count(*) AS events
FROM events
GROUP BY principal, event_source, event_name, coalesce(error_code, '')
