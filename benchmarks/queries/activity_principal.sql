-- What did one principal use, on what, and how did it end? From the roll-up.
SELECT service, action, resource, outcome, sum(calls) AS calls
FROM activity
WHERE action IS NOT NULL AND principal = '{principal}'
GROUP BY service, action, resource, outcome
