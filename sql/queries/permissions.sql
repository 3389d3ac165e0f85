-- Which permission did each event need? One row for each event and permission; an event that
-- needs none, or of which nobody knows, has one row that says so in `mapping`. Of a call that
-- two accounts recorded, the caller's copy counts.
SELECT
    event_id,
    event_time,
    principal,
    principal_type,
    principal_account,
    session_name,
    access_key_id,
    source_ip_address,
    event_source,
    event_name,
    aws_region,
    recipient_account_id AS account,
    invoked_by AS via_service,
    outcome(error_code, error_message) AS outcome,
    error_code,
    permission['mapping'] AS mapping,
    permission['service'] AS service,
    permission['action'] AS action,
    permission['resource'] AS resource,
    permission['origin'] AS resource_origin,
    permission['conditions'] AS conditions,
    permission['rule'] AS rule,
    request_context(
        source_ip_address,
        vpc_endpoint_id,
        aws_region,
        invoked_by,
        event_source,
        principal_account,
        user_identity,
        request_parameters,
        event_context,
        log_file
    ) AS context
FROM (
    SELECT
        *,
        unnest(iam_permissions(
            event_source,
            event_name,
            event_type,
            aws_region,
            recipient_account_id,
            principal,
            principal_account,
            invoked_by,
            error_code,
            request_parameters,
            response_elements,
            resources
        )) AS permission
    FROM events
    WHERE shared_event_id IS NULL
        OR recipient_account_id = principal_account
        OR shared_event_id NOT IN (
            SELECT shared_event_id
            FROM events
            WHERE shared_event_id IS NOT NULL
                AND recipient_account_id = principal_account
        )
)
