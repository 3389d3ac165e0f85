-- Who is in the lake, how busy, and when? One row for each principal and identity type.
SELECT
    principal, -- who acted: the role behind a session, a user, root, a service
    principal_type, -- AssumedRole, IAMUser, Root, FederatedUser, AWSService, ...
    sum(events) AS events, -- calls
    coalesce(sum(events) FILTER (WHERE outcome = 'denied'), 0) AS denied, -- those of them that were refused
    count(DISTINCT event_source) AS services, -- how many services were called
    min(first_seen) AS first_seen, -- time of the first
    max(last_seen) AS last_seen -- time of the last
FROM activity
GROUP BY principal, principal_type
