-- What a close makes of it: periods, lines, invoices, settlement statements. Nothing of a period is seen before it is closed.

CREATE TABLE periods (
    organisation_id uuid NOT NULL, -- the platform's own
    id uuid PRIMARY KEY,
    through timestamptz NOT NULL UNIQUE,
    after timestamptz, -- the instant through which the period before was closed
    state text NOT NULL CHECK (state IN ('rating', 'invoicing', 'closed')),
    begun_at timestamptz NOT NULL,
    closed_at timestamptz,
    trace_id text NOT NULL,
    CHECK ((state = 'closed') = (closed_at IS NOT NULL)),
    CHECK (after < through)
);
-- One close at a time.
CREATE UNIQUE INDEX periods_one_open ON periods ((true)) WHERE state <> 'closed';

CREATE FUNCTION period_is_closed(period uuid) RETURNS boolean LANGUAGE sql STABLE
    RETURN EXISTS (SELECT FROM periods WHERE id = period AND state = 'closed');

CREATE TABLE invoices (
    organisation_id uuid NOT NULL, -- the payee, who issues it
    id uuid PRIMARY KEY,
    period_id uuid NOT NULL REFERENCES periods,
    payer_id uuid NOT NULL,
    payee_id uuid NOT NULL CHECK (payee_id = organisation_id),
    currency text NOT NULL,
    state text NOT NULL CHECK (state IN ('draft', 'issued')),
    sequence bigint, -- 1, 2, 3, … of the payee, without gaps
    number text,
    total_minor bigint,
    issued_at timestamptz,
    payer jsonb, -- names and unified social credit code as they stood
    payee jsonb,
    UNIQUE (period_id, payer_id, payee_id, currency),
    UNIQUE (payee_id, sequence),
    UNIQUE (number),
    CHECK ((state = 'issued') = (num_nulls(sequence, number, total_minor, issued_at, payer, payee) = 0))
);
CREATE INDEX invoices_payer ON invoices (payer_id, issued_at, id);
CREATE INDEX invoices_payee ON invoices (payee_id, issued_at, id);

CREATE FUNCTION keep_issued() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.state = 'issued' THEN
        RAISE EXCEPTION 'an invoice is never changed: a correction comes on the next one' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER unchanged BEFORE UPDATE OR DELETE ON invoices FOR EACH ROW EXECUTE FUNCTION keep_issued();

CREATE TABLE invoice_counters (
    organisation_id uuid PRIMARY KEY, -- the payee
    last_sequence bigint NOT NULL
);

CREATE TABLE lines (
    organisation_id uuid NOT NULL, -- the requester, as in usage_records
    id uuid NOT NULL,
    usage_id uuid NOT NULL,
    invoice_id uuid NOT NULL REFERENCES invoices,
    period_id uuid NOT NULL REFERENCES periods,
    agreement_id uuid NOT NULL,
    agreement_version integer NOT NULL,
    item_code text NOT NULL,
    payer_id uuid NOT NULL,
    payee_id uuid NOT NULL,
    currency text NOT NULL,
    tier_period date NOT NULL,
    service_date date NOT NULL,
    ordinal bigint, -- place within the tier period; none for a reversal
    quantity bigint NOT NULL,
    unit_amount_minor bigint NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor = quantity * unit_amount_minor),
    PRIMARY KEY (organisation_id, id),
    UNIQUE (organisation_id, usage_id),
    UNIQUE (organisation_id, agreement_id, item_code, payer_id, payee_id, currency, tier_period, ordinal),
    FOREIGN KEY (organisation_id, usage_id) REFERENCES usage_records,
    CHECK ((quantity < 0) = (ordinal IS NULL))
) PARTITION BY HASH (organisation_id);
CREATE INDEX lines_id ON lines (id);
CREATE INDEX lines_invoice ON lines (invoice_id, service_date, usage_id);
CREATE INDEX lines_payer ON lines (payer_id, service_date);
CREATE INDEX lines_payee ON lines (payee_id, service_date);
CREATE TRIGGER unchanged BEFORE UPDATE OR DELETE ON lines FOR EACH ROW EXECUTE FUNCTION keep_unchanged();

CREATE TABLE settlements (
    organisation_id uuid NOT NULL,
    id uuid PRIMARY KEY,
    period_id uuid NOT NULL REFERENCES periods,
    currency text NOT NULL,
    owes_minor bigint NOT NULL,
    earns_minor bigint NOT NULL,
    net_minor bigint NOT NULL GENERATED ALWAYS AS (earns_minor - owes_minor) STORED,
    organisation jsonb NOT NULL, -- names and code as they stood
    UNIQUE (period_id, organisation_id, currency)
);
CREATE TRIGGER unchanged BEFORE UPDATE OR DELETE ON settlements FOR EACH ROW EXECUTE FUNCTION keep_unchanged();

DO $$
DECLARE
    one text;
BEGIN
    FOR number IN 0..15 LOOP
        one := format('lines_%s', number);
        EXECUTE format('CREATE TABLE %I PARTITION OF lines FOR VALUES WITH (MODULUS 16, REMAINDER %s)', one, number);
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', one);
        EXECUTE format('REVOKE ALL ON %I FROM billing', one);
    END LOOP;
    FOREACH one IN ARRAY ARRAY['periods', 'invoices', 'invoice_counters', 'lines', 'settlements'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', one);
        EXECUTE format('REVOKE ALL ON %I FROM billing', one);
        EXECUTE format('GRANT SELECT, INSERT ON %I TO billing_close', one);
        EXECUTE format('CREATE POLICY close ON %I TO billing_close USING (true) WITH CHECK (true)', one);
    END LOOP;
END $$;
GRANT SELECT ON periods, invoices, lines, settlements TO billing;
GRANT SELECT ON lines TO billing_consumer;
GRANT UPDATE ON periods, invoices, invoice_counters TO billing_close;

-- Which instants are closed is no secret among the parties.
CREATE POLICY closed ON periods FOR SELECT TO billing USING (state = 'closed');
CREATE POLICY payer ON invoices FOR SELECT TO billing
    USING (payer_id = current_organisation() AND state = 'issued' AND period_is_closed(period_id));
CREATE POLICY payee ON invoices FOR SELECT TO billing
    USING (payee_id = current_organisation() AND state = 'issued' AND period_is_closed(period_id));
CREATE POLICY requester ON lines FOR SELECT TO billing USING (organisation_id = current_organisation());
CREATE POLICY payer ON lines FOR SELECT TO billing USING (payer_id = current_organisation());
CREATE POLICY payee ON lines FOR SELECT TO billing USING (payee_id = current_organisation());
CREATE POLICY consumer_reads ON lines FOR SELECT TO billing_consumer USING (organisation_id = current_organisation());
CREATE POLICY own ON settlements FOR SELECT TO billing
    USING (organisation_id = current_organisation() AND period_is_closed(period_id));

-- A close tells of its invoices, and takes the parties' names from the copy of the directory.
CREATE POLICY close_appends ON outbox FOR INSERT TO billing_close WITH CHECK (organisation_id = current_organisation());
GRANT INSERT ON outbox TO billing_close;
