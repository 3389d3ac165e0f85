-- Of which accounts, regions and days are there events, and how many?
SELECT
    recipient_account_id AS account,
    aws_region AS region,
    CAST(CAST(event_time AS DATE) AS VARCHAR) AS day,
    count(*) AS events
FROM events
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3
