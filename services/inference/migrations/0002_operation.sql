-- Which version of each model a hospital is shown, which one runs in the shadow beside it, and which was shown before.
CREATE TABLE model_versions (
    organisation_id uuid NOT NULL, -- the requester; the platform's own row is what a hospital begins with
    model text NOT NULL,
    shown_version text NOT NULL,
    shadow_version text NOT NULL DEFAULT '', -- empty: none
    previous_version text NOT NULL DEFAULT '', -- where a roll-back leads; empty: nowhere
    revision integer NOT NULL,
    PRIMARY KEY (organisation_id, model)
);

-- Who decided so, when and why; rows are never changed.
CREATE TABLE model_version_changes (
    organisation_id uuid NOT NULL,
    model text NOT NULL,
    revision integer NOT NULL,
    act text NOT NULL CHECK (act IN ('first_use', 'shadow', 'promote', 'rollback')),
    shown_version text NOT NULL,
    shadow_version text NOT NULL,
    changed_at timestamptz NOT NULL,
    changed_by text NOT NULL, -- subject; empty: the first exam
    changed_by_name text NOT NULL,
    reason text NOT NULL,
    PRIMARY KEY (organisation_id, model, revision)
);

-- What models said, counted by day: how drift is seen without keeping each answer.
CREATE TABLE model_tallies (
    organisation_id uuid NOT NULL, -- the requester
    day date NOT NULL, -- in UTC
    model text NOT NULL,
    version text NOT NULL,
    scanner text NOT NULL, -- Manufacturer's Model Name, empty when unknown
    reader_id uuid NOT NULL,
    shown boolean NOT NULL,
    measure text NOT NULL CHECK (measure IN ('outcome', 'certainty', 'probability', 'review')),
    bin text NOT NULL, -- an outcome, a tenth of the scale (0 to 9), or what an expert made of a finding
    count bigint NOT NULL,
    PRIMARY KEY (organisation_id, day, model, version, scanner, reader_id, shown, measure, bin)
) PARTITION BY HASH (organisation_id);
CREATE INDEX model_tallies_of_reader ON model_tallies (reader_id, day);
CREATE INDEX model_tallies_of_day ON model_tallies (day);

ALTER TABLE exams ADD COLUMN scanner text NOT NULL DEFAULT ''; -- Manufacturer's Model Name of the exam's first image
ALTER TABLE analyses ADD COLUMN versions jsonb NOT NULL DEFAULT '{}'; -- model: [shown, shadow], as they were when the analysis began

-- A coded answer may differ as well as a figure, and one side may have said nothing.
ALTER TABLE shadow_differences
    ALTER COLUMN shadow_value DROP NOT NULL,
    ALTER COLUMN shown_value DROP NOT NULL,
    ADD COLUMN shadow_answer text NOT NULL DEFAULT '',
    ADD COLUMN shown_answer text NOT NULL DEFAULT '',
    ADD COLUMN disagrees boolean NOT NULL DEFAULT false;

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['model_versions', 'model_version_changes', 'model_tallies'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
        EXECUTE format(
            'CREATE POLICY consumer_of_one_organisation ON %I TO __SERVICE___consumer'
            ' USING (organisation_id = current_organisation()) WITH CHECK (organisation_id = current_organisation())', name);
        EXECUTE format('GRANT SELECT, INSERT ON %I TO __SERVICE___consumer', name);
        EXECUTE format('CREATE POLICY operator ON %I TO __SERVICE___operator USING (true) WITH CHECK (true)', name);
        EXECUTE format('GRANT SELECT ON %I TO __SERVICE___operator', name);
    END LOOP;
    FOR part IN 0..7 LOOP
        EXECUTE format('CREATE TABLE model_tallies_%s PARTITION OF model_tallies FOR VALUES WITH (MODULUS 8, REMAINDER %s)', part, part);
        EXECUTE format('ALTER TABLE model_tallies_%s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', part);
    END LOOP;
END $$;
GRANT USAGE ON SCHEMA __SERVICE__ TO __SERVICE___operator;
GRANT UPDATE ON model_tallies TO __SERVICE___consumer;
GRANT INSERT, UPDATE ON model_versions TO __SERVICE___operator;
GRANT INSERT ON model_version_changes TO __SERVICE___operator;

-- A hospital without a row of its own begins with what the platform's row says (the platform's own organisation, services/shared/tenancy.py).
CREATE POLICY everybody_begins_with_the_platforms ON model_versions FOR SELECT TO __SERVICE__, __SERVICE___consumer
    USING (organisation_id = 'b3e0e1b2-b374-57ff-9bb2-f6ad267e2a04');

-- People ask under the plain role. Versions in the shadow are the platform's affair; their tallies are not shown.
CREATE POLICY owner_reads ON model_versions FOR SELECT TO __SERVICE__ USING (organisation_id = current_organisation());
CREATE POLICY owner_reads ON model_tallies FOR SELECT TO __SERVICE__ USING (organisation_id = current_organisation() AND shown);
CREATE POLICY reader_reads_by_crossing ON model_tallies FOR SELECT TO __SERVICE__ USING (reader_id = current_organisation() AND shown);
GRANT SELECT ON model_versions, model_tallies TO __SERVICE__;

-- Operators count how far versions in the shadow lie from the shown ones, over all hospitals.
CREATE POLICY operator_reads ON shadow_differences FOR SELECT TO __SERVICE___operator USING (true);
GRANT SELECT ON shadow_differences TO __SERVICE___operator;
