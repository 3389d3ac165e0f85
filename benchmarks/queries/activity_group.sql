-- How often did each principal use each action? From the roll-up.
SELECT principal, service, action, sum(calls) AS calls
FROM activity
WHERE action IS NOT NULL
GROUP BY principal, service, action
