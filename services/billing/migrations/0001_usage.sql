-- What was used: exams as far as billing knows them, the events that said so, and one usage record per exam and service item.
-- The owner of all of it is the requester (organisation_id). Payer and payee see what they pay and earn, by named policies.

-- Privileges are given here table by table; none by default.
CREATE FUNCTION keep_unchanged() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is never changed: a correction is a new record', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

-- A price item with its parties resolved, as it stood when usage first needed it. Usage refers to it, so that no record can
-- exist without the agreement version that prices it.
CREATE TABLE priced_items (
    organisation_id uuid NOT NULL,
    agreement_id uuid NOT NULL,
    agreement_version integer NOT NULL,
    item_code text NOT NULL,
    agreement_number text NOT NULL,
    valid_from date NOT NULL,
    reader_id uuid NOT NULL,
    description_zh text NOT NULL,
    description_en text NOT NULL,
    payer_id uuid NOT NULL,
    payee_id uuid NOT NULL,
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    tiers jsonb NOT NULL, -- [[last ordinal or null, amount in minor units], …] in rising order
    PRIMARY KEY (organisation_id, agreement_id, agreement_version, item_code),
    UNIQUE (organisation_id, agreement_id, agreement_version, item_code, payer_id, payee_id, currency),
    CHECK (payer_id <> payee_id)
);
CREATE TRIGGER unchanged BEFORE UPDATE OR DELETE ON priced_items FOR EACH ROW EXECUTE FUNCTION keep_unchanged();

CREATE TABLE exams (
    organisation_id uuid NOT NULL,
    exam_id uuid NOT NULL,
    study_instance_uid text, -- not known until an event has said it
    service_date date NOT NULL,
    trace_id text NOT NULL,
    PRIMARY KEY (organisation_id, exam_id)
) PARTITION BY HASH (organisation_id);

CREATE TABLE exam_events (
    organisation_id uuid NOT NULL,
    event_id uuid NOT NULL,
    exam_id uuid NOT NULL,
    type text NOT NULL,
    occurred_at timestamptz NOT NULL,
    trace_id text NOT NULL,
    detail jsonb NOT NULL, -- ids and versions that the event named; never anything about the patient
    PRIMARY KEY (organisation_id, event_id)
) PARTITION BY HASH (organisation_id);
CREATE INDEX exam_events_exam ON exam_events (organisation_id, exam_id, occurred_at);

CREATE TABLE usage_records (
    organisation_id uuid NOT NULL,
    id uuid NOT NULL,
    exam_id uuid NOT NULL,
    agreement_id uuid NOT NULL,
    agreement_version integer NOT NULL,
    item_code text NOT NULL,
    payer_id uuid NOT NULL,
    payee_id uuid NOT NULL,
    currency text NOT NULL,
    service_date date NOT NULL,
    quantity bigint NOT NULL CHECK (quantity IN (1, -1)),
    corrects_usage_id uuid,
    reason text NOT NULL DEFAULT '',
    trace_id text NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, id),
    FOREIGN KEY (organisation_id, exam_id) REFERENCES exams,
    FOREIGN KEY (organisation_id, agreement_id, agreement_version, item_code, payer_id, payee_id, currency)
        REFERENCES priced_items (organisation_id, agreement_id, agreement_version, item_code, payer_id, payee_id, currency),
    FOREIGN KEY (organisation_id, corrects_usage_id) REFERENCES usage_records,
    CHECK ((quantity < 0) = (corrects_usage_id IS NOT NULL))
) PARTITION BY HASH (organisation_id);
CREATE UNIQUE INDEX usage_once ON usage_records (organisation_id, exam_id, item_code) WHERE corrects_usage_id IS NULL;
CREATE UNIQUE INDEX usage_reversed_once ON usage_records (organisation_id, corrects_usage_id) WHERE corrects_usage_id IS NOT NULL;
CREATE INDEX usage_requester ON usage_records (organisation_id, service_date, id);
CREATE INDEX usage_payer ON usage_records (payer_id, service_date, id);
CREATE INDEX usage_payee ON usage_records (payee_id, service_date, id);

-- The records that no close has settled yet. A row goes when its line is written, or when a correction cancels it before.
CREATE TABLE open_usage (
    organisation_id uuid NOT NULL,
    usage_id uuid NOT NULL,
    agreement_id uuid NOT NULL,
    agreement_version integer NOT NULL,
    item_code text NOT NULL,
    payer_id uuid NOT NULL,
    payee_id uuid NOT NULL,
    currency text NOT NULL,
    tier_period date NOT NULL, -- first day of the month in which units are counted
    service_date date NOT NULL,
    quantity bigint NOT NULL,
    PRIMARY KEY (organisation_id, usage_id),
    FOREIGN KEY (organisation_id, usage_id) REFERENCES usage_records
) PARTITION BY HASH (organisation_id);
CREATE INDEX open_usage_order ON open_usage
    (organisation_id, agreement_id, item_code, payer_id, payee_id, currency, tier_period, service_date, usage_id);
CREATE INDEX open_usage_payer ON open_usage (payer_id, service_date);
CREATE INDEX open_usage_payee ON open_usage (payee_id, service_date);

DO $$
DECLARE
    parent text;
    part text;
BEGIN
    FOREACH parent IN ARRAY ARRAY['exams', 'exam_events', 'usage_records', 'open_usage'] LOOP
        FOR number IN 0..15 LOOP
            part := format('%s_%s', parent, number);
            EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES WITH (MODULUS 16, REMAINDER %s)', part, parent, number);
            -- Nobody reads a partition by its own name: no grant, and row level security without a policy.
            EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', part);
            EXECUTE format('REVOKE ALL ON %I FROM billing', part);
        END LOOP;
    END LOOP;
    FOREACH parent IN ARRAY ARRAY['priced_items', 'exams', 'exam_events', 'usage_records', 'open_usage'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', parent);
        EXECUTE format('REVOKE ALL ON %I FROM billing', parent);
        EXECUTE format('GRANT SELECT ON %I TO billing, billing_consumer, billing_close', parent);
        EXECUTE format('GRANT INSERT ON %I TO billing_consumer', parent);
        EXECUTE format('CREATE POLICY requester ON %I FOR SELECT TO billing USING (organisation_id = current_organisation())', parent);
        EXECUTE format('CREATE POLICY consumer ON %I TO billing_consumer USING (organisation_id = current_organisation()) '
                       'WITH CHECK (organisation_id = current_organisation())', parent);
        EXECUTE format('CREATE POLICY close_reads ON %I FOR SELECT TO billing_close USING (true)', parent);
    END LOOP;
    FOREACH parent IN ARRAY ARRAY['priced_items', 'usage_records', 'open_usage'] LOOP
        EXECUTE format('CREATE POLICY payer ON %I FOR SELECT TO billing USING (payer_id = current_organisation())', parent);
        EXECUTE format('CREATE POLICY payee ON %I FOR SELECT TO billing USING (payee_id = current_organisation())', parent);
    END LOOP;
    -- Who pays or earns for an exam may see which exam it was: its identifiers, never the patient.
    FOREACH parent IN ARRAY ARRAY['exams', 'exam_events'] LOOP
        EXECUTE format('CREATE POLICY party_of_usage ON %1$I FOR SELECT TO billing USING (EXISTS (SELECT FROM usage_records AS used '
                       'WHERE used.organisation_id = %1$I.organisation_id AND used.exam_id = %1$I.exam_id))', parent);
    END LOOP;
END $$;
CREATE TRIGGER unchanged BEFORE UPDATE OR DELETE ON usage_records FOR EACH ROW EXECUTE FUNCTION keep_unchanged();

GRANT UPDATE (study_instance_uid) ON exams TO billing_consumer;
GRANT DELETE ON open_usage TO billing_consumer, billing_close;
CREATE POLICY close_settles ON open_usage FOR DELETE TO billing_close USING (true);
