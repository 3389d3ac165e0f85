-- Who assumes roles of other accounts? One row for each caller and role.
SELECT
    coalesce(principal_account, principal) AS from_account,
    principal,
    request_parameters ->> 'roleArn' AS role,
    outcome(error_code, error_message) AS outcome,
    count(*) AS calls,
    min(event_time) AS first_seen,
    max(event_time) AS last_seen
FROM calls
WHERE event_source = 'sts.amazonaws.com'
    AND event_name IN ('AssumeRole', 'AssumeRoleWithSAML', 'AssumeRoleWithWebIdentity')
    AND (arn_account(request_parameters ->> 'roleArn') IS DISTINCT FROM principal_account)
    AND principal_type <> 'AWSService'
GROUP BY 1, 2, 3, 4
ORDER BY calls DESC, principal, role, outcome
