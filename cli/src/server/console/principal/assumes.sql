-- Which roles does a principal assume?
SELECT
    resource AS other,
    sum(calls) AS calls,
    coalesce(sum(calls) FILTER (WHERE outcome = 'denied'), 0) AS denied,
    max(last_seen) AS last_seen
FROM activity
WHERE principal = $principal
    AND action IN ('sts:AssumeRole', 'sts:AssumeRoleWithSAML', 'sts:AssumeRoleWithWebIdentity')
GROUP BY resource
ORDER BY calls DESC, other
LIMIT 50
