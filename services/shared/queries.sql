-- name: ready
-- Answers when the database does.
SELECT 1 AS ready;

-- name: insert_outbox
-- Puts an event beside the state change that it tells of.
INSERT INTO outbox (event_id, organisation_id, topic, key, headers, body)
VALUES (%(event_id)s, %(organisation_id)s, %(topic)s, %(key)s, %(headers)s, %(body)s);

-- name: select_outbox
-- The oldest events not yet sent; ids of one exam are in the order of its commits, because writers lock the exam's row first.
SELECT id, topic, key, headers, body FROM outbox WHERE sent_at IS NULL ORDER BY id LIMIT %(limit)s;

-- name: mark_outbox_sent
-- Notes that the broker has acknowledged these.
UPDATE outbox SET sent_at = now() WHERE id = ANY(%(ids)s);

-- name: purge_outbox
-- Forgets what was sent long ago.
DELETE FROM outbox WHERE sent_at < now() - %(age)s::interval;

-- name: outbox_lag
-- How many events wait, and the age of the oldest in seconds.
SELECT count(*) AS waiting, coalesce(extract(epoch FROM now() - min(created_at)), 0)::float8 AS oldest_seconds
FROM outbox WHERE sent_at IS NULL;

-- name: try_relay_lock
-- One relay per schema; held until the connection's transaction ends.
SELECT pg_try_advisory_xact_lock(hashtext(current_schema() || '.relay')) AS held;

-- name: insert_inbox
-- Notes an event's effect; touches no row when the event had its effect before.
INSERT INTO inbox (organisation_id, consumer, event_id) VALUES (%(organisation_id)s, %(consumer)s, %(event_id)s)
ON CONFLICT DO NOTHING;

-- name: upsert_directory_copy
-- Keeps the newest revision of an entity; an older one, or the same again, changes nothing.
INSERT INTO directory_copy AS copy (key, kind, lookup, organisation_ids, revision, body)
VALUES (%(key)s, %(kind)s, %(lookup)s, %(organisation_ids)s, %(revision)s, %(body)s)
ON CONFLICT (key) DO UPDATE
SET kind = excluded.kind, lookup = excluded.lookup, organisation_ids = excluded.organisation_ids,
    revision = excluded.revision, body = excluded.body
WHERE copy.revision < excluded.revision;

-- name: select_directory_copy
-- One entity by its key.
SELECT body FROM directory_copy WHERE key = %(key)s;

-- name: select_directory_copy_by_lookup
-- The entities of a kind that share a lookup value.
SELECT body FROM directory_copy WHERE kind = %(kind)s AND lookup = %(lookup)s ORDER BY key;

-- name: select_directory_copy_of_kind
-- All entities of a kind.
SELECT body FROM directory_copy WHERE kind = %(kind)s ORDER BY key;
