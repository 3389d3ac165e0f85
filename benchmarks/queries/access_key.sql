-- How much did this access key sign?
SELECT count(*) AS events
FROM events
WHERE access_key_id = '{access_key}'
