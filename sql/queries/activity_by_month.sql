-- Who did what in a month, on whatever resource and wherever? `resources_by_month`, which stands for `activity`
-- here, without the resource. A lake keeps it as a table, which answers in the place of `activity` where nobody asks for more.
SELECT
    principal, -- who acted: the role behind a session, a user, root, a service
    principal_type, -- AssumedRole, IAMUser, Root, FederatedUser, AWSService, ...
    principal_account, -- account of the principal
    service, -- IAM's prefix of the service, `s3`
    action, -- the permission that was needed, `s3:GetObject`
    mapping, -- mapped, none (no permission needed) or unmapped (nobody knows)
    outcome, -- allowed, failed or denied
    event_source, -- service that was called, `s3.amazonaws.com`
    event_name, -- operation, as CloudTrail names it
    account, -- account that recorded the call
    via_service, -- service that made the call for the principal
    sum(calls) AS calls, -- how often
    sum(events) AS events, -- the same, of a call with several permissions only once: sums are calls
    min(first_seen) AS first_seen, -- time of the first
    max(last_seen) AS last_seen, -- time of the last
    min(sample_event_id) AS sample_event_id -- one of them
FROM activity
GROUP BY
    principal,
    principal_type,
    principal_account,
    service,
    action,
    mapping,
    outcome,
    event_source,
    event_name,
    account,
    via_service
