-- Who assumes a role?
SELECT
    principal AS other,
    sum(calls) AS calls,
    coalesce(sum(calls) FILTER (WHERE outcome = 'denied'), 0) AS denied,
    max(last_seen) AS last_seen
FROM activity
WHERE resource = $principal
    AND action IN ('sts:AssumeRole', 'sts:AssumeRoleWithSAML', 'sts:AssumeRoleWithWebIdentity')
GROUP BY principal
ORDER BY calls DESC, other
LIMIT 50
