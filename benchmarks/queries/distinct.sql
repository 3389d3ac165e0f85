-- How many principals, operations and events are there?
SELECT
    count(DISTINCT principal) AS principals,
    count(DISTINCT concat(event_source, '/', event_name)) AS operations,
    count(DISTINCT source_ip_address) AS addresses
FROM events
