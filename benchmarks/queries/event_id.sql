-- Which event has this id?
SELECT event_id, principal, event_source, event_name
FROM events
WHERE event_id = '{event_id}'
