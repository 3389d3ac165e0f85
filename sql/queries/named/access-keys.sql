-- Which long-lived access keys are there, and when was each last used? One row for each key, the
-- longest unused first.
SELECT
    access_key_id,
    min(principal) AS principal,
    count(*) AS calls,
    count(DISTINCT source_ip_address) AS addresses,
    min(event_time) AS first_seen,
    max(event_time) AS last_seen
FROM calls
WHERE access_key_id LIKE 'AKIA%'
GROUP BY access_key_id
ORDER BY last_seen, access_key_id
