-- Exams as events told of them, one task and one report per exam, the signed versions, and what is still to be put into the study.
--
-- Who sees what: the requester (organisation_id) its tasks and signed versions; the reader that an agreement names (reader_id)
-- everything it needs to read. The crossing is the policies named crosses_to_reader, and nothing else.
--
-- All of it grows without end and is partitioned by hash of the requester, within whom uniqueness holds. A reader names a task, a
-- report or an exam without its requester: those ids have an index of their own.

CREATE TABLE exam (
    organisation_id uuid NOT NULL,
    id uuid NOT NULL,
    reader_id uuid, -- null: no agreement lets anybody read it, or consent is missing
    revision int NOT NULL DEFAULT 0, -- 0: only an analysis has spoken of it yet
    header bytea NOT NULL DEFAULT '', -- sonobridge.ingest.v1.Exam without its instances
    instances bytea NOT NULL DEFAULT '', -- the same message with nothing but its instances
    first_completed_at timestamptz,
    PRIMARY KEY (organisation_id, id)
) PARTITION BY HASH (organisation_id);
CREATE INDEX exam_id ON exam (id);
CREATE POLICY owner_reads ON exam FOR SELECT TO reporting USING (organisation_id = current_organisation());
CREATE POLICY crosses_to_reader ON exam FOR SELECT TO reporting USING (reader_id = current_organisation());
-- Writers lock the exam's row first, and a lock needs an UPDATE policy; no column may really change.
CREATE POLICY reader_locks ON exam FOR UPDATE TO reporting USING (reader_id = current_organisation()) WITH CHECK (false);
CREATE POLICY events ON exam TO reporting_consumer
    USING (organisation_id = current_organisation()) WITH CHECK (organisation_id = current_organisation());
GRANT SELECT, INSERT, UPDATE ON exam TO reporting_consumer;

CREATE TABLE analysis (
    organisation_id uuid NOT NULL,
    exam_id uuid NOT NULL,
    exam_revision int NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('completed', 'skipped', 'failed')),
    body bytea NOT NULL, -- sonobridge.inference.v1.AnalysisCompleted; empty for the other outcomes
    PRIMARY KEY (organisation_id, exam_id),
    FOREIGN KEY (organisation_id, exam_id) REFERENCES exam
) PARTITION BY HASH (organisation_id);
CREATE POLICY events ON analysis TO reporting_consumer
    USING (organisation_id = current_organisation()) WITH CHECK (organisation_id = current_organisation());
GRANT SELECT, INSERT, UPDATE ON analysis TO reporting_consumer;
REVOKE ALL ON analysis FROM reporting;

CREATE TABLE task (
    organisation_id uuid NOT NULL,
    id uuid NOT NULL,
    reader_id uuid,
    exam_id uuid NOT NULL,
    report_id uuid NOT NULL,
    state text NOT NULL CHECK (state IN ('unassigned', 'claimed', 'drafting', 'awaiting_second', 'signed', 'amended')),
    priority text NOT NULL,
    due_at timestamptz NOT NULL,
    double_reading boolean NOT NULL,
    ai text NOT NULL CHECK (ai IN ('pending', 'completed', 'skipped', 'failed')),
    new_images boolean NOT NULL DEFAULT false, -- instances came after the report was signed
    claimed_by text,
    claimed_by_name text,
    lease_until timestamptz,
    PRIMARY KEY (organisation_id, id),
    UNIQUE (exam_id, organisation_id),
    UNIQUE (report_id, organisation_id),
    FOREIGN KEY (organisation_id, exam_id) REFERENCES exam,
    CHECK ((claimed_by IS NULL) = (lease_until IS NULL))
) PARTITION BY HASH (organisation_id);
CREATE INDEX task_id ON task (id);
CREATE INDEX task_worklist ON task (reader_id, due_at, id);
CREATE INDEX task_open ON task (due_at) WHERE state NOT IN ('signed', 'amended');
CREATE POLICY owner_reads ON task FOR SELECT TO reporting USING (organisation_id = current_organisation());
CREATE POLICY crosses_to_reader ON task TO reporting
    USING (reader_id = current_organisation()) WITH CHECK (reader_id = current_organisation());
CREATE POLICY events ON task TO reporting_consumer
    USING (organisation_id = current_organisation()) WITH CHECK (organisation_id = current_organisation());
CREATE POLICY counts_open ON task FOR SELECT TO reporting_overdue USING (true);
REVOKE INSERT, DELETE ON task FROM reporting;
GRANT SELECT, INSERT, UPDATE ON task TO reporting_consumer;
GRANT SELECT (state, due_at) ON task TO reporting_overdue;

-- The working copy: the draft, and after signing the ground of an addendum. The requester never sees it.
CREATE TABLE report (
    organisation_id uuid NOT NULL,
    id uuid NOT NULL,
    reader_id uuid,
    exam_id uuid NOT NULL,
    version int NOT NULL DEFAULT 0, -- of the last signed one
    edition int NOT NULL DEFAULT 1, -- grows with every change; the ETag
    findings jsonb NOT NULL DEFAULT '[]',
    offered jsonb, -- an analysis that came after the expert began
    key_image jsonb, -- {sop_instance_uid, frame} that shows the findings best
    description text NOT NULL DEFAULT '',
    impression text NOT NULL DEFAULT '',
    recommendation text NOT NULL DEFAULT '',
    critical boolean NOT NULL DEFAULT false,
    first_reading jsonb, -- double reading: all that the first expert signed, beside the draft that the second may change
    PRIMARY KEY (organisation_id, id),
    UNIQUE (organisation_id, exam_id),
    FOREIGN KEY (organisation_id, exam_id) REFERENCES exam
) PARTITION BY HASH (organisation_id);
CREATE INDEX report_id ON report (id);
CREATE POLICY crosses_to_reader ON report TO reporting
    USING (reader_id = current_organisation()) WITH CHECK (reader_id = current_organisation());
CREATE POLICY events ON report TO reporting_consumer
    USING (organisation_id = current_organisation()) WITH CHECK (organisation_id = current_organisation());
REVOKE INSERT, DELETE ON report FROM reporting;
GRANT SELECT, INSERT, UPDATE ON report TO reporting_consumer;

CREATE TABLE report_version (
    organisation_id uuid NOT NULL,
    report_id uuid NOT NULL,
    version int NOT NULL CHECK (version >= 1),
    reader_id uuid NOT NULL,
    exam_id uuid NOT NULL,
    study_instance_uid text NOT NULL,
    signed_at timestamptz NOT NULL,
    signed_by text NOT NULL,
    content jsonb NOT NULL,
    document_key text NOT NULL,
    document_digest_sha256 text NOT NULL,
    sr_key text NOT NULL,
    PRIMARY KEY (organisation_id, report_id, version),
    FOREIGN KEY (organisation_id, report_id) REFERENCES report,
    FOREIGN KEY (organisation_id, exam_id) REFERENCES exam
) PARTITION BY HASH (organisation_id);
CREATE INDEX report_version_report ON report_version (report_id, version);
CREATE INDEX report_version_study ON report_version (study_instance_uid);
CREATE INDEX report_version_exam ON report_version (exam_id);
CREATE POLICY owner_reads ON report_version FOR SELECT TO reporting USING (organisation_id = current_organisation());
CREATE POLICY crosses_to_reader ON report_version TO reporting
    USING (reader_id = current_organisation()) WITH CHECK (reader_id = current_organisation());
REVOKE UPDATE, DELETE, TRUNCATE ON report_version FROM reporting;

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a signed report is immutable: write an addendum' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON report_version FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER immutable_whole BEFORE TRUNCATE ON report_version FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- What ingest is still to take into the study.
CREATE TABLE delivery (
    organisation_id uuid NOT NULL,
    report_id uuid NOT NULL,
    version int NOT NULL,
    kind text NOT NULL CHECK (kind IN ('pdf', 'sr')),
    reader_id uuid NOT NULL,
    exam_id uuid NOT NULL,
    object_key text NOT NULL,
    trace_id text NOT NULL,
    attempts int NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL,
    last_error text NOT NULL DEFAULT '',
    done_at timestamptz,
    PRIMARY KEY (organisation_id, report_id, version, kind),
    FOREIGN KEY (organisation_id, report_id, version) REFERENCES report_version
) PARTITION BY HASH (organisation_id);
CREATE INDEX delivery_waiting ON delivery (next_attempt_at) WHERE done_at IS NULL;
CREATE POLICY reader_hands_over ON delivery FOR INSERT TO reporting WITH CHECK (reader_id = current_organisation());
CREATE POLICY delivers ON delivery TO reporting_delivery USING (true) WITH CHECK (true);
REVOKE SELECT, UPDATE, DELETE ON delivery FROM reporting;
GRANT SELECT, UPDATE ON delivery TO reporting_delivery;

DO $$
DECLARE
    name text;
    part text;
BEGIN
    FOREACH name IN ARRAY ARRAY['exam', 'analysis', 'task', 'report', 'report_version', 'delivery'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
        FOR number IN 0..7 LOOP
            part := format('%s_%s', name, number);
            EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES WITH (MODULUS 8, REMAINDER %s)', part, name, number);
            -- Nobody reads a partition by its own name: no grant, and row level security without a policy.
            EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', part);
            EXECUTE format('REVOKE ALL ON %I FROM reporting', part);
            IF name = 'report_version' THEN -- rows inherit the table's trigger, emptying does not
                EXECUTE format('CREATE TRIGGER immutable_whole BEFORE TRUNCATE ON %I '
                               'FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', part);
            END IF;
        END LOOP;
    END LOOP;
END $$;

GRANT USAGE ON SCHEMA reporting TO reporting_overdue, reporting_delivery;
