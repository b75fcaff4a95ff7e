-- Double entry in integer minor units. Rows are only ever added; each transaction sums to zero in each book when it commits.

CREATE TABLE ledger_accounts (
    organisation_id uuid NOT NULL, -- whose book
    id uuid PRIMARY KEY,
    counterparty_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('receivable', 'revenue', 'payable', 'expense')),
    item_code text NOT NULL, -- empty for receivable and payable
    currency text NOT NULL,
    UNIQUE (organisation_id, counterparty_id, kind, item_code, currency),
    UNIQUE (id, organisation_id, currency)
);

CREATE TABLE ledger_transactions (
    organisation_id uuid NOT NULL, -- the payee
    id uuid PRIMARY KEY,
    period_id uuid NOT NULL REFERENCES periods,
    invoice_id uuid NOT NULL UNIQUE REFERENCES invoices, -- an invoice is posted once
    payer_id uuid NOT NULL,
    posted_at timestamptz NOT NULL
);

CREATE TABLE ledger_postings (
    organisation_id uuid NOT NULL, -- whose book
    transaction_id uuid NOT NULL REFERENCES ledger_transactions,
    account_id uuid NOT NULL,
    period_id uuid NOT NULL,
    currency text NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor <> 0), -- debit positive, credit negative
    PRIMARY KEY (transaction_id, account_id),
    FOREIGN KEY (account_id, organisation_id, currency) REFERENCES ledger_accounts (id, organisation_id, currency)
);
CREATE INDEX ledger_postings_account ON ledger_postings (account_id);
CREATE INDEX ledger_postings_organisation ON ledger_postings (organisation_id);

CREATE FUNCTION ledger_balances() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    off record;
BEGIN
    SELECT organisation_id, currency, sum(amount_minor) AS amount INTO off FROM ledger_postings
    WHERE transaction_id = NEW.transaction_id GROUP BY organisation_id, currency HAVING sum(amount_minor) <> 0 LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'ledger transaction % is off by % % in the book of %',
            NEW.transaction_id, off.amount, off.currency, off.organisation_id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER balances AFTER INSERT ON ledger_postings
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_balances();

DO $$
DECLARE
    one text;
BEGIN
    FOREACH one IN ARRAY ARRAY['ledger_accounts', 'ledger_transactions', 'ledger_postings'] LOOP
        EXECUTE format('CREATE TRIGGER unchanged BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION keep_unchanged()', one);
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', one);
        EXECUTE format('REVOKE ALL ON %I FROM billing', one);
        EXECUTE format('GRANT SELECT ON %I TO billing', one);
        EXECUTE format('GRANT SELECT, INSERT ON %I TO billing_close', one);
        EXECUTE format('CREATE POLICY close ON %I TO billing_close USING (true) WITH CHECK (true)', one);
    END LOOP;
END $$;

CREATE POLICY own_book ON ledger_accounts FOR SELECT TO billing USING (organisation_id = current_organisation());
CREATE POLICY own_book ON ledger_postings FOR SELECT TO billing
    USING (organisation_id = current_organisation() AND period_is_closed(period_id));
CREATE POLICY payee ON ledger_transactions FOR SELECT TO billing
    USING (organisation_id = current_organisation() AND period_is_closed(period_id));
CREATE POLICY payer ON ledger_transactions FOR SELECT TO billing
    USING (payer_id = current_organisation() AND period_is_closed(period_id));
