-- Who signed in to the console without a second factor? One row for each sign-in of a user or of
-- root that worked. Who comes from an identity provider is asked for it there, and is left out.
SELECT
    event_time,
    principal,
    principal_type,
    source_ip_address,
    user_agent,
    recipient_account_id AS account,
    event_id
FROM calls
WHERE event_source = 'signin.amazonaws.com'
    AND event_name = 'ConsoleLogin'
    AND principal_type IN ('IAMUser', 'Root')
    AND response_elements ->> 'ConsoleLogin' = 'Success'
    AND coalesce(additional_event_data ->> 'MFAUsed', 'No') <> 'Yes'
ORDER BY event_time DESC, event_id
