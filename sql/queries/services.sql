-- Which services are used, by how many, and when? One row for each service.
SELECT
    service, -- IAM's prefix of the service, `s3`
    count(DISTINCT principal) AS principals, -- how many used it
    count(DISTINCT action) AS actions, -- how many of its actions were used
    sum(calls) AS calls, -- uses of its permissions
    coalesce(sum(calls) FILTER (WHERE outcome = 'denied'), 0) AS denied, -- those of them that were refused
    min(first_seen) AS first_seen, -- time of the first
    max(last_seen) AS last_seen -- time of the last
FROM activity
GROUP BY service
