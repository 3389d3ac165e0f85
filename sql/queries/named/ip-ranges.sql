-- From which networks do calls come, and who is behind them? One row for each /24 of IPv4, /48 of
-- IPv6, and each service that calls by name.
--
-- $outside text = 0.0.0.0/32: leave out the addresses in this range, `10.0.0.0/8`
SELECT
    coalesce(ip_network(source_ip_address), source_ip_address) AS network,
    count(*) AS calls,
    count(*) FILTER (WHERE outcome(error_code, error_message) = 'denied') AS denied,
    count(DISTINCT principal) AS principals,
    min(principal) AS a_principal,
    min(event_time) AS first_seen,
    max(event_time) AS last_seen
FROM calls
WHERE source_ip_address IS NOT NULL
    AND coalesce(NOT ip_in_range(source_ip_address, $outside), true)
GROUP BY coalesce(ip_network(source_ip_address), source_ip_address)
ORDER BY calls DESC, network
