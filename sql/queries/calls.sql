-- Which calls were there? The events, but of a call that several accounts recorded only one copy:
-- the caller's if it is in the lake, else that of the first account. The copies of a call agree
-- on `shared_event_id` and on the time.
SELECT *
FROM events
WHERE (recipient_account_id IS NOT DISTINCT FROM principal_account)
    OR shared_event_id IS NULL
UNION ALL
SELECT *
FROM events AS copy
WHERE (copy.recipient_account_id IS DISTINCT FROM copy.principal_account)
    AND copy.shared_event_id IS NOT NULL
    AND NOT EXISTS (
        SELECT 1
        FROM events AS other
        WHERE other.shared_event_id IS NOT NULL
            AND other.shared_event_id = copy.shared_event_id
            AND other.event_time = copy.event_time
            AND (
                (other.recipient_account_id IS NOT DISTINCT FROM other.principal_account)
                OR other.recipient_account_id < copy.recipient_account_id
            )
    )
