-- The same for ten days. From the roll-up.
SELECT principal, service, action, sum(calls) AS calls
FROM activity
WHERE action IS NOT NULL AND day >= '{from}' AND day < '{to}'
GROUP BY principal, service, action
