-- Which permissions did a principal use, or ask for in vain?
SELECT
    event_source AS source,
    coalesce(action, event_name) AS action,
    mapping,
    sum(calls) AS calls,
    coalesce(sum(calls) FILTER (WHERE outcome = 'denied'), 0) AS denied,
    count(DISTINCT resource) AS resources,
    min(first_seen) AS first_seen,
    max(last_seen) AS last_seen
FROM activity
WHERE principal = $principal
GROUP BY event_source, coalesce(action, event_name), mapping
ORDER BY source, calls DESC, action
