-- How much did each access key sign on a day? A lake keeps it as a table, which answers in the place of
-- `events` where somebody counts what keys signed and asks for no more.
SELECT
    date_trunc('day', event_time) AS event_time, -- start of the day, UTC
    access_key_id, -- access key that signed the calls
    principal, -- who acted: the role behind a session, a user, root, a service
    principal_type, -- AssumedRole, IAMUser, Root, FederatedUser, AWSService, ...
    principal_account, -- account of the principal
    recipient_account_id, -- account that received the events
    count(*) AS events, -- how many
    min(event_time) AS first_seen, -- time of the first
    max(event_time) AS last_seen -- time of the last
FROM events
GROUP BY
    date_trunc('day', event_time),
    access_key_id,
    principal,
    principal_type,
    principal_account,
    recipient_account_id
