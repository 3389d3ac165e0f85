-- What did one access key do? One row for each event name and address, with how it ended.
--
-- $key text: the id of the key, `AKIA...` or `ASIA...`
SELECT
    event_source,
    event_name,
    source_ip_address,
    outcome(error_code, error_message) AS outcome,
    count(*) AS calls,
    min(event_time) AS first_seen,
    max(event_time) AS last_seen,
    min(principal) AS principal
FROM calls
WHERE access_key_id = $key
GROUP BY event_source, event_name, source_ip_address, outcome(error_code, error_message)
ORDER BY first_seen, event_source, event_name, source_ip_address
