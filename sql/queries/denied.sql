-- What was refused, to whom, and how often? One row for each principal, permission and place.
SELECT
    principal, -- who was refused
    service, -- IAM's prefix of the service, `s3`
    action, -- the permission that was lacking, `s3:GetObject`; null if nobody knows
    event_source, -- service that was called, `s3.amazonaws.com`
    event_name, -- operation, as CloudTrail names it
    resource, -- on which resource: an ARN, a pattern of one or `*`
    aws_region, -- region that was called
    account, -- account that recorded the call
    sum(calls) AS calls, -- how often
    min(first_seen) AS first_seen, -- time of the first
    max(last_seen) AS last_seen, -- time of the last
    min(sample_event_id) AS sample_event_id -- one of them
FROM activity
WHERE outcome = 'denied'
GROUP BY
    principal,
    service,
    action,
    event_source,
    event_name,
    resource,
    aws_region,
    account
