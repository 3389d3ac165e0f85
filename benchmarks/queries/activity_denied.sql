-- Who is refused most, and what? From the roll-up.
SELECT principal, action, sum(calls) AS calls
FROM activity
WHERE action IS NOT NULL AND outcome = 'denied'
GROUP BY principal, action
ORDER BY calls DESC, principal, action
LIMIT 20
