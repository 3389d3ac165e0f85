-- Which accounts and regions does the lake have, and until when?
SELECT
    account,
    aws_region AS region,
    CAST(max(day) AS INT) AS last
FROM activity
GROUP BY account, aws_region
