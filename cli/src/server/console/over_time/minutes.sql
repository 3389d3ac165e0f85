-- In which minutes were there how many calls, and how many of them were refused?
SELECT
    CAST(date_part('epoch', event_time) AS BIGINT) / 60 AS minute,
    count(*) AS events,
    count(*) FILTER (WHERE outcome(error_code, error_message) = 'denied') AS denied
FROM calls
WHERE event_time IS NOT NULL
    AND ($account = '' OR recipient_account_id = $account)
    AND ($region = '' OR aws_region = $region)
    AND ($principal = '' OR principal = $principal)
GROUP BY 1
