-- Which roles does a principal assume, or who assumes a role?
SELECT
    CASE WHEN $side = 'assumes' THEN resource ELSE principal END AS other,
    sum(calls) AS calls,
    coalesce(sum(calls) FILTER (WHERE outcome = 'denied'), 0) AS denied,
    max(last_seen) AS last_seen
FROM activity
WHERE (($side = 'assumes' AND principal = $principal)
    OR ($side <> 'assumes' AND resource = $principal))
    AND action IN ('sts:AssumeRole', 'sts:AssumeRoleWithSAML', 'sts:AssumeRoleWithWebIdentity')
GROUP BY CASE WHEN $side = 'assumes' THEN resource ELSE principal END
ORDER BY calls DESC, other
LIMIT 50
