-- Which roles and users were seen, but not of late? One row for each, the longest unused first. A
-- role that did nothing at all in the logs is not there: the logs do not name it.
--
-- $since time = -90d: unused means nothing since then
SELECT
    principal,
    min(first_seen) AS first_seen,
    max(last_seen) AS last_seen,
    sum(events) AS calls
FROM activity
WHERE takes_policy(principal)
GROUP BY principal
HAVING max(last_seen) < $since
ORDER BY last_seen, principal
