-- Exams as inference knows them: the row that writers lock, and who may read.
CREATE TABLE exams (
    organisation_id uuid NOT NULL, -- the requester
    exam_id uuid NOT NULL,
    study_instance_uid text NOT NULL,
    revision integer NOT NULL, -- the newest that an event told of
    reader_id uuid, -- whom the crossing lets see the exam
    PRIMARY KEY (organisation_id, exam_id)
) PARTITION BY HASH (organisation_id);

CREATE TABLE analyses (
    organisation_id uuid NOT NULL,
    analysis_id uuid NOT NULL, -- derived from exam, revision and model versions
    exam_id uuid NOT NULL,
    exam_revision integer NOT NULL,
    reader_id uuid, -- of this revision's crossing
    state text NOT NULL CHECK (state IN ('started', 'inferred', 'completed', 'skipped', 'failed')),
    started_at timestamptz NOT NULL,
    content_time timestamp NOT NULL, -- started_at on the requester's clock: what the documents say
    finished_at timestamptz,
    outcome bytea, -- the event's body, once there is one
    PRIMARY KEY (organisation_id, analysis_id),
    FOREIGN KEY (organisation_id, exam_id) REFERENCES exams
) PARTITION BY HASH (organisation_id);
CREATE INDEX analyses_of_exam ON analyses (organisation_id, exam_id, exam_revision);
-- A revision has one outcome, whichever model versions were installed when its event came again.
CREATE UNIQUE INDEX one_outcome_per_revision ON analyses (organisation_id, exam_id, exam_revision)
    WHERE state IN ('completed', 'skipped', 'failed');

-- What the models said, shadow models too: for the service alone, which writes what is shown from it.
CREATE TABLE results (
    organisation_id uuid NOT NULL,
    analysis_id uuid NOT NULL,
    result jsonb NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, analysis_id),
    FOREIGN KEY (organisation_id, analysis_id) REFERENCES analyses
) PARTITION BY HASH (organisation_id);

CREATE TABLE shadow_differences (
    organisation_id uuid NOT NULL,
    analysis_id uuid NOT NULL,
    model text NOT NULL,
    against text NOT NULL,
    code text NOT NULL,
    sop_instance_uid text NOT NULL,
    shadow_value double precision NOT NULL,
    shown_value double precision NOT NULL,
    unit text NOT NULL, -- UCUM
    PRIMARY KEY (organisation_id, analysis_id, model, code, sop_instance_uid),
    FOREIGN KEY (organisation_id, analysis_id) REFERENCES analyses
) PARTITION BY HASH (organisation_id);

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['exams', 'analyses', 'results', 'shadow_differences'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
        FOR part IN 0..7 LOOP
            EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES WITH (MODULUS 8, REMAINDER %s)', name || '_' || part, name, part);
            EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name || '_' || part);
        END LOOP;
        EXECUTE format(
            'CREATE POLICY consumer_of_one_organisation ON %I TO __SERVICE___consumer'
            ' USING (organisation_id = current_organisation()) WITH CHECK (organisation_id = current_organisation())', name);
        EXECUTE format('GRANT SELECT, INSERT ON %I TO __SERVICE___consumer', name);
    END LOOP;
END $$;
GRANT UPDATE ON exams, analyses TO __SERVICE___consumer;

-- People and services ask under the plain role: the owner, and the reader whom a crossing names. Results and shadows are not theirs.
CREATE POLICY owner_reads ON analyses FOR SELECT TO __SERVICE__ USING (organisation_id = current_organisation());
CREATE POLICY reader_reads_by_crossing ON analyses FOR SELECT TO __SERVICE__ USING (reader_id = current_organisation());
GRANT SELECT ON analyses TO __SERVICE__;
