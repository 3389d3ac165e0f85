-- Who was refused many times within a short time? One row for each principal and span of time: a
-- broken deployment, or somebody who tries doors.
--
-- $minutes integer = 10: length of a span
-- $least integer = 10: refusals from which on a span is told
SELECT
    to_timestamp_seconds(
        CAST(floor(date_part('epoch', event_time) / ($minutes * 60)) AS BIGINT) * $minutes * 60
    ) AS span,
    principal,
    count(*) AS denied,
    count(DISTINCT event_name) AS operations,
    count(DISTINCT event_source) AS services,
    min(source_ip_address) AS an_address
FROM calls
WHERE event_time IS NOT NULL AND outcome(error_code, error_message) = 'denied'
GROUP BY 1, principal
HAVING count(*) >= $least
ORDER BY denied DESC, span, principal
