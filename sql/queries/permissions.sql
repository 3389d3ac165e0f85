-- Which permission did each call need? One row for each call and permission; a call that needs
-- none, or of which nobody knows, has one row that says so in `mapping`.
SELECT
    event_id, -- unique id of the event
    event_time, -- when the request was completed, UTC
    principal, -- who acted: the role behind a session, a user, root, a service
    principal_type, -- AssumedRole, IAMUser, Root, FederatedUser, AWSService, ...
    principal_account, -- account of the principal
    session_name, -- role session name, or the federated user's name
    access_key_id, -- access key that signed the call
    source_ip_address, -- where the call came from: an address or a service
    event_source, -- service that was called, `s3.amazonaws.com`
    event_name, -- operation, as CloudTrail names it
    aws_region, -- region that was called
    recipient_account_id AS account, -- account that recorded the call
    invoked_by AS via_service, -- service that made the call for the principal
    outcome(error_code, error_message) AS outcome, -- allowed, failed or denied
    error_code, -- why the call failed; null if it did not
    permission['mapping'] AS mapping, -- mapped, none (no permission needed) or unmapped (nobody knows)
    permission['service'] AS service, -- IAM's prefix of the service, `s3`
    permission['action'] AS action, -- the permission that was needed, `s3:GetObject`
    permission['resource'] AS resource, -- on which resource: an ARN, a pattern of one or `*`
    permission['origin'] AS resource_origin, -- how the resource is known: event, partial, inferred, created, any, widened, untold
    permission['conditions'] AS conditions, -- what must hold besides, as JSON
    permission['rule'] AS rule, -- the rule of mapping that answered
    permission['first'] AS is_first, -- `true` on the first permission of a call, null on its others: count(is_first) counts calls
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
    ) AS context -- the circumstances of the call by IAM's condition keys, as JSON
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
            coalesce(invoked_by, source_ip_address),
            error_code,
            error_message,
            request_parameters,
            response_elements,
            resources
        )) AS permission
    FROM calls
)
