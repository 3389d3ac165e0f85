-- Who is in the lake, how busy, and when? One row for each principal and identity type.
SELECT
    principal,
    principal_type,
    count(*) AS events,
    count(*) FILTER (WHERE outcome(error_code, error_message) = 'denied') AS denied,
    count(DISTINCT event_source) AS services,
    min(event_time) AS first_seen,
    max(event_time) AS last_seen
FROM events
GROUP BY principal, principal_type
