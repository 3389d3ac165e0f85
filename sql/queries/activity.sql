-- Who did what, where and how often? One row for each principal, action, resource, region,
-- account, day and outcome. A lake keeps it as a table, the roll-up.
SELECT
    principal, -- who acted: the role behind a session, a user, root, a service
    principal_type, -- AssumedRole, IAMUser, Root, FederatedUser, AWSService, ...
    principal_account, -- account of the principal
    service, -- IAM's prefix of the service, `s3`
    action, -- the permission that was needed, `s3:GetObject`
    resource, -- on which resource: an ARN, a pattern of one or `*`
    resource_origin, -- how the resource is known: event, partial, inferred, created, any, widened, untold
    conditions, -- what must hold besides, as JSON
    mapping, -- mapped, none (no permission needed) or unmapped (nobody knows)
    outcome, -- allowed, failed or denied
    event_source, -- service that was called, `s3.amazonaws.com`
    event_name, -- operation, as CloudTrail names it
    aws_region, -- region that was called
    account, -- account that recorded the call
    via_service, -- service that made the call for the principal
    CAST(event_time AS DATE) AS day, -- on which day, UTC
    count(*) AS calls, -- how often
    count(is_first) AS events, -- the same, of a call with several permissions only once: sums are calls
    min(event_time) AS first_seen, -- time of the first
    max(event_time) AS last_seen, -- time of the last
    min(event_id) AS sample_event_id -- one of them
FROM permissions
GROUP BY
    principal,
    principal_type,
    principal_account,
    service,
    action,
    resource,
    resource_origin,
    conditions,
    mapping,
    outcome,
    event_source,
    event_name,
    aws_region,
    account,
    via_service,
    CAST(event_time AS DATE)
