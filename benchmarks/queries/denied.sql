-- Who is refused most, and what?
SELECT principal, event_source, event_name, count(*) AS events
FROM events
WHERE error_code IN ('AccessDenied', 'Client.UnauthorizedOperation')
GROUP BY principal, event_source, event_name
ORDER BY events DESC, principal, event_source, event_name
LIMIT 20
