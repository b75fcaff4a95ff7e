-- What every service's schema has: who the transaction acts for, the outbox, the inbox and the copy of the directory.

CREATE FUNCTION current_organisation() RETURNS uuid LANGUAGE sql STABLE
    -- A pooled connection answers '' where the setting was never made in this transaction.
    RETURN nullif(current_setting('app.org', true), '')::uuid;

CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id uuid NOT NULL UNIQUE,
    organisation_id uuid NOT NULL,
    topic text NOT NULL,
    key text NOT NULL,
    headers jsonb NOT NULL,
    body bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    sent_at timestamptz
);
CREATE INDEX outbox_unsent ON outbox (id) WHERE sent_at IS NULL;
CREATE INDEX outbox_sent ON outbox (sent_at) WHERE sent_at IS NOT NULL;
ALTER TABLE outbox ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_appends ON outbox FOR INSERT TO __SERVICE__, __SERVICE___consumer
    WITH CHECK (organisation_id = current_organisation());
CREATE POLICY relay ON outbox TO __SERVICE___relay USING (true) WITH CHECK (true);
GRANT INSERT ON outbox TO __SERVICE__, __SERVICE___consumer;
GRANT SELECT, UPDATE, DELETE ON outbox TO __SERVICE___relay;

CREATE TABLE inbox (
    organisation_id uuid NOT NULL,
    consumer text NOT NULL,
    event_id uuid NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organisation_id, consumer, event_id)
) PARTITION BY HASH (organisation_id);
DO $$
BEGIN
    FOR part IN 0..7 LOOP
        EXECUTE format('CREATE TABLE inbox_%s PARTITION OF inbox FOR VALUES WITH (MODULUS 8, REMAINDER %s)', part, part);
        EXECUTE format('ALTER TABLE inbox_%s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', part);
    END LOOP;
END $$;
ALTER TABLE inbox ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON inbox TO __SERVICE__, __SERVICE___consumer
    USING (organisation_id = current_organisation()) WITH CHECK (organisation_id = current_organisation());
GRANT SELECT, INSERT ON inbox TO __SERVICE__, __SERVICE___consumer;

CREATE TABLE directory_copy (
    key text PRIMARY KEY, -- the event's key
    kind text NOT NULL, -- organisation, device, membership, agreement
    lookup text NOT NULL, -- alias, AE title, <organisation>/<subject>, requester
    organisation_ids uuid[] NOT NULL, -- whom it concerns
    revision bigint NOT NULL,
    body bytea NOT NULL -- the entity's protobuf message
);
CREATE INDEX directory_copy_lookup ON directory_copy (kind, lookup);
ALTER TABLE directory_copy ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY concerned ON directory_copy FOR SELECT TO __SERVICE__, __SERVICE___consumer
    USING (current_organisation() = ANY (organisation_ids));
CREATE POLICY directory ON directory_copy TO __SERVICE___directory USING (true) WITH CHECK (true);
GRANT SELECT ON directory_copy TO __SERVICE__, __SERVICE___consumer;
GRANT SELECT, INSERT, UPDATE ON directory_copy TO __SERVICE___directory;

GRANT USAGE ON SCHEMA __SERVICE__ TO __SERVICE__, __SERVICE___relay, __SERVICE___consumer, __SERVICE___directory;
