-- What do some events say?
SELECT
    event_id,
    event_time,
    event_name,
    aws_region,
    source_ip_address,
    user_agent,
    request_parameters
FROM events
WHERE event_id IN ($a, $b, $c)
ORDER BY event_time, event_id
