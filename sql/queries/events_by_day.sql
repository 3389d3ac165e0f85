-- How many events of a kind were there on a day? `events` without what each of them says for itself. A lake
-- keeps it as a table, which answers in the place of `events` where somebody counts and asks for no more.
SELECT
    date_trunc('day', event_time) AS event_time, -- start of the day, UTC
    principal, -- who acted: the role behind a session, a user, root, a service
    principal_type, -- AssumedRole, IAMUser, Root, FederatedUser, AWSService, ...
    principal_account, -- account of the principal
    event_source, -- service that was called, `s3.amazonaws.com`
    event_name, -- operation, as CloudTrail names it
    aws_region, -- region that was called
    recipient_account_id, -- account that received the events
    error_code, -- why the calls failed; null if they did not
    invoked_by, -- service that made the calls for the principal
    event_type, -- AwsApiCall, AwsServiceEvent, AwsConsoleSignIn, ...
    event_category, -- Management, Data, NetworkActivity or Insight
    read_only, -- whether the operation only reads
    management_event, -- whether they are management events
    count(*) AS events, -- how many
    min(event_time) AS first_seen, -- time of the first
    max(event_time) AS last_seen -- time of the last
FROM events
GROUP BY
    date_trunc('day', event_time),
    principal,
    principal_type,
    principal_account,
    event_source,
    event_name,
    aws_region,
    recipient_account_id,
    error_code,
    invoked_by,
    event_type,
    event_category,
    read_only,
    management_event
