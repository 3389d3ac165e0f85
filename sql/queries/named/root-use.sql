-- What did root do? One row for each account, event and way it ended. Root should be idle.
SELECT
    account,
    event_source,
    event_name,
    outcome,
    sum(events) AS calls,
    min(first_seen) AS first_seen,
    max(last_seen) AS last_seen,
    min(sample_event_id) AS sample_event_id
FROM activity
WHERE principal_type = 'Root'
GROUP BY account, event_source, event_name, outcome
ORDER BY last_seen DESC, event_source, event_name
