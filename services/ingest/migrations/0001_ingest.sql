-- Exams with their series and instances, what was refused, and uploads under way.
-- What grows without end is partitioned by hash of the owning organisation, because uniqueness must hold inside one.

CREATE TABLE exams (
    organisation_id uuid NOT NULL, -- the requester
    id uuid NOT NULL,
    study_instance_uid text NOT NULL,
    state text NOT NULL DEFAULT 'receiving' CHECK (state IN ('receiving', 'completed', 'amended')),
    revision int NOT NULL DEFAULT 0,
    priority text NOT NULL DEFAULT 'ROUTINE' CHECK (priority IN ('ROUTINE', 'URGENT', 'STAT')),
    service_date date NOT NULL, -- the requester's local date of the first accepted instance
    first_instance_at timestamptz NOT NULL,
    last_instance_at timestamptz NOT NULL,
    due_at timestamptz, -- when the sweep settles the exam, unless something comes before
    modality text NOT NULL DEFAULT '',
    body_part text NOT NULL DEFAULT '',
    modalities text[] NOT NULL DEFAULT '{}',
    attributes jsonb NOT NULL, -- study level, DICOM JSON
    patient_name text NOT NULL DEFAULT '',
    patient_id text NOT NULL DEFAULT '',
    birth_date date,
    patient_sex text NOT NULL DEFAULT '',
    accession_number text NOT NULL DEFAULT '',
    study_id text NOT NULL DEFAULT '',
    study_description text NOT NULL DEFAULT '',
    referring_physician text NOT NULL DEFAULT '',
    study_date date,
    study_time text NOT NULL DEFAULT '', -- HHMMSS.FFFFFF
    instances int NOT NULL DEFAULT 0, -- the requester's own
    frames int NOT NULL DEFAULT 0,
    coverage text NOT NULL CHECK (coverage IN ('crosses', 'no_agreement', 'no_consent')),
    agreement_id uuid,
    agreement_version int,
    reader_id uuid,
    remote_reading_consent boolean, -- recorded on the exam; null: nothing recorded
    trial_consent boolean,
    consent_recorded boolean NOT NULL DEFAULT false, -- on the exam, or attested by the agreement
    trial_consent_recorded boolean NOT NULL DEFAULT false,
    report_state text NOT NULL DEFAULT 'none' CHECK (report_state IN ('none', 'signed', 'amended')),
    report_version int NOT NULL DEFAULT 0,
    trace_id text NOT NULL DEFAULT '',
    character_set_declared text NOT NULL DEFAULT '',
    character_set_detected text NOT NULL DEFAULT '',
    PRIMARY KEY (organisation_id, id),
    UNIQUE (organisation_id, study_instance_uid),
    CHECK ((coverage = 'crosses') = (reader_id IS NOT NULL))
) PARTITION BY HASH (organisation_id);

CREATE TABLE series (
    organisation_id uuid NOT NULL,
    exam_id uuid NOT NULL,
    series_instance_uid text NOT NULL,
    modality text NOT NULL DEFAULT '',
    series_number int,
    attributes jsonb NOT NULL, -- series level, DICOM JSON
    PRIMARY KEY (organisation_id, exam_id, series_instance_uid),
    FOREIGN KEY (organisation_id, exam_id) REFERENCES exams (organisation_id, id)
) PARTITION BY HASH (organisation_id);

CREATE TABLE instances (
    organisation_id uuid NOT NULL,
    sop_instance_uid text NOT NULL,
    exam_id uuid NOT NULL,
    series_instance_uid text NOT NULL,
    sop_class_uid text NOT NULL,
    transfer_syntax_uid text NOT NULL,
    modality text NOT NULL DEFAULT '',
    instance_number int,
    rows int NOT NULL DEFAULT 0,
    columns int NOT NULL DEFAULT 0,
    number_of_frames int NOT NULL DEFAULT 0, -- 0 without pixels
    size_bytes bigint NOT NULL,
    digest_sha256 text NOT NULL, -- of the stored file, hex
    dataset_digest text NOT NULL, -- of the bytes after File Meta, hex: with the transfer syntax, what makes two the same
    object_key text NOT NULL,
    frames_key text NOT NULL, -- the object that frame spans refer to: the stored one, or its inflated form
    derived boolean NOT NULL DEFAULT false, -- written by the platform itself
    announced_revision int, -- the exam's revision that first told of it; null: not yet told
    received_at timestamptz NOT NULL,
    attributes jsonb NOT NULL, -- instance level, DICOM JSON
    PRIMARY KEY (organisation_id, sop_instance_uid),
    FOREIGN KEY (organisation_id, exam_id, series_instance_uid)
        REFERENCES series (organisation_id, exam_id, series_instance_uid)
) PARTITION BY HASH (organisation_id);

-- Read only when somebody looks at an instance; apart, so that lists of instances stay narrow.
CREATE TABLE instance_details (
    organisation_id uuid NOT NULL,
    sop_instance_uid text NOT NULL,
    exam_id uuid NOT NULL,
    metadata text NOT NULL, -- DICOM JSON, served as it is
    frame_spans bytea NOT NULL, -- 12 bytes a frame: offset (8) and length (4), little endian
    frame_fault text NOT NULL DEFAULT '', -- why frames cannot be told apart
    bulk jsonb NOT NULL DEFAULT '{}', -- tag: [offset, length]
    character_set_declared text NOT NULL DEFAULT '',
    character_set_detected text NOT NULL DEFAULT '',
    PRIMARY KEY (organisation_id, sop_instance_uid)
) PARTITION BY HASH (organisation_id);

-- Objects about to be put, noted before, so that one left behind by a killed process is found without listing the store.
CREATE TABLE pending_objects (
    organisation_id uuid NOT NULL,
    object_key text NOT NULL,
    noted_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organisation_id, object_key)
) PARTITION BY HASH (organisation_id);

CREATE TABLE refusals (
    organisation_id uuid NOT NULL,
    id uuid NOT NULL,
    refused_at timestamptz NOT NULL,
    protocol text NOT NULL, -- stow, c_store, upload
    sender text NOT NULL, -- user name or calling AE title
    reason text NOT NULL,
    detail text NOT NULL,
    advice text NOT NULL,
    study_instance_uid text NOT NULL DEFAULT '',
    sop_instance_uid text NOT NULL DEFAULT '',
    sop_class_uid text NOT NULL DEFAULT '',
    PRIMARY KEY (organisation_id, id)
) PARTITION BY HASH (organisation_id);

-- A browser's upload (tus): its pieces are objects, so that any replica can go on with it.
CREATE TABLE uploads (
    organisation_id uuid NOT NULL,
    id uuid NOT NULL,
    subject text NOT NULL,
    file_name text NOT NULL DEFAULT '',
    length_bytes bigint NOT NULL,
    offset_bytes bigint NOT NULL DEFAULT 0,
    piece_keys text[] NOT NULL DEFAULT '{}',
    metadata text NOT NULL DEFAULT '', -- Upload-Metadata as it was sent
    expires_at timestamptz NOT NULL,
    finished boolean NOT NULL DEFAULT false,
    outcome jsonb,
    PRIMARY KEY (organisation_id, id)
) PARTITION BY HASH (organisation_id);

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['exams', 'series', 'instances', 'instance_details', 'pending_objects', 'refusals', 'uploads'] LOOP
        FOR part IN 0..7 LOOP
            EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES WITH (MODULUS 8, REMAINDER %s)',
                           name || '_' || part, name, part);
            -- No policy on a partition: named directly it shows nothing.
            EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name || '_' || part);
        END LOOP;
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY tenant ON %I TO ingest, ingest_consumer '
                       'USING (organisation_id = current_organisation()) '
                       'WITH CHECK (organisation_id = current_organisation())', name);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO ingest', name);
    END LOOP;
END $$;

CREATE INDEX exams_due ON exams (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX exams_reader ON exams (reader_id, first_instance_at DESC) WHERE reader_id IS NOT NULL;
CREATE INDEX exams_recent ON exams (organisation_id, first_instance_at DESC, id);
CREATE INDEX exams_study_date ON exams (organisation_id, study_date);
CREATE INDEX exams_patient ON exams (organisation_id, patient_id);
CREATE INDEX exams_uncovered ON exams (organisation_id, service_date) WHERE coverage <> 'crosses';
CREATE INDEX exams_study ON exams (study_instance_uid);
CREATE INDEX instances_exam ON instances (organisation_id, exam_id, series_instance_uid);
CREATE INDEX instance_details_exam ON instance_details (organisation_id, exam_id);
CREATE INDEX pending_objects_noted ON pending_objects (noted_at);
CREATE INDEX refusals_recent ON refusals (organisation_id, refused_at DESC);
CREATE INDEX uploads_expired ON uploads (expires_at);

-- Crossing organisations: a reader sees the exams that an agreement and the patient's consent bring to it, once they are complete.
CREATE POLICY crossing_to_reader ON exams FOR SELECT TO ingest
    USING (reader_id = current_organisation() AND state <> 'receiving');
CREATE POLICY crossing_to_reader ON series FOR SELECT TO ingest
    USING (EXISTS (SELECT FROM exams e WHERE e.organisation_id = series.organisation_id AND e.id = series.exam_id
                   AND e.reader_id = current_organisation() AND e.state <> 'receiving'));
CREATE POLICY crossing_to_reader ON instances FOR SELECT TO ingest
    USING (EXISTS (SELECT FROM exams e WHERE e.organisation_id = instances.organisation_id AND e.id = instances.exam_id
                   AND e.reader_id = current_organisation() AND e.state <> 'receiving'));
CREATE POLICY crossing_to_reader ON instance_details FOR SELECT TO ingest
    USING (EXISTS (SELECT FROM exams e WHERE e.organisation_id = instance_details.organisation_id
                   AND e.id = instance_details.exam_id
                   AND e.reader_id = current_organisation() AND e.state <> 'receiving'));

-- What a report's signing changes, and an agreement: the exam alone.
GRANT SELECT, UPDATE ON exams TO ingest_consumer;

-- The sweep finds whose turn it is, of all organisations, and does the work itself as a tenant's transaction.
CREATE POLICY completion_finds ON exams FOR SELECT TO ingest_completion USING (due_at IS NOT NULL);
CREATE POLICY completion_finds ON pending_objects FOR SELECT TO ingest_completion USING (true);
CREATE POLICY completion_finds ON uploads FOR SELECT TO ingest_completion USING (true);
GRANT SELECT (organisation_id, id, due_at) ON exams TO ingest_completion;
GRANT SELECT (organisation_id, object_key, noted_at) ON pending_objects TO ingest_completion;
GRANT SELECT (organisation_id, id, expires_at) ON uploads TO ingest_completion;

-- Matching of QIDO-RS. `q` holds the conditions asked for; what it does not name matches everything.
CREATE FUNCTION name_matches(name text, pattern text) RETURNS boolean LANGUAGE sql IMMUTABLE
    -- Any component group may match, whatever the case (PS3.4 C.2.2.2.1, PS3.5 6.2.1).
    RETURN EXISTS (SELECT FROM unnest(string_to_array(name, '=') || name) AS part WHERE rtrim(part, '^') ILIKE pattern);

CREATE FUNCTION study_matches(e exams, q jsonb) RETURNS boolean LANGUAGE sql STABLE
    RETURN (q->>'study_date_from' IS NULL OR e.study_date >= (q->>'study_date_from')::date)
       AND (q->>'study_date_to' IS NULL OR e.study_date <= (q->>'study_date_to')::date)
       AND (q->>'study_time_from' IS NULL OR e.study_time >= q->>'study_time_from')
       AND (q->>'study_time_to' IS NULL OR (e.study_time <> '' AND e.study_time <= q->>'study_time_to'))
       AND (q->>'accession_number' IS NULL OR e.accession_number LIKE q->>'accession_number')
       AND (q->'modalities_in_study' IS NULL OR EXISTS (
            SELECT FROM unnest(e.modalities) AS modality, jsonb_array_elements_text(q->'modalities_in_study') AS pattern
            WHERE modality LIKE pattern))
       AND (q->>'referring_physician' IS NULL OR name_matches(e.referring_physician, q->>'referring_physician'))
       AND (q->>'study_description' IS NULL OR e.study_description LIKE q->>'study_description')
       AND (q->>'patient_name' IS NULL OR name_matches(e.patient_name, q->>'patient_name'))
       AND (q->>'patient_id' IS NULL OR e.patient_id LIKE q->>'patient_id')
       AND (q->>'birth_date_from' IS NULL OR e.birth_date >= (q->>'birth_date_from')::date)
       AND (q->>'birth_date_to' IS NULL OR e.birth_date <= (q->>'birth_date_to')::date)
       AND (q->>'patient_sex' IS NULL OR e.patient_sex LIKE q->>'patient_sex')
       AND (q->>'study_id' IS NULL OR e.study_id LIKE q->>'study_id');

CREATE FUNCTION series_matches(s series, q jsonb) RETURNS boolean LANGUAGE sql STABLE
    RETURN (q->'series_uids' IS NULL OR q->'series_uids' ? s.series_instance_uid)
       AND (q->'series_modalities' IS NULL OR EXISTS (
            SELECT FROM jsonb_array_elements_text(q->'series_modalities') AS pattern WHERE s.modality LIKE pattern))
       AND (q->>'series_number' IS NULL OR s.series_number = (q->>'series_number')::int)
       AND (q->>'series_description' IS NULL OR s.attributes #>> '{0008103E,Value,0}' LIKE q->>'series_description')
       AND (q->>'body_part' IS NULL OR s.attributes #>> '{00180015,Value,0}' LIKE q->>'body_part')
       AND (q->>'step_date_from' IS NULL
            OR s.attributes #>> '{00400244,Value,0}' >= replace(q->>'step_date_from', '-', ''))
       AND (q->>'step_date_to' IS NULL
            OR s.attributes #>> '{00400244,Value,0}' <= replace(q->>'step_date_to', '-', ''));

CREATE FUNCTION instance_matches(i instances, q jsonb) RETURNS boolean LANGUAGE sql STABLE
    RETURN (q->'sop_class_uids' IS NULL OR q->'sop_class_uids' ? i.sop_class_uid)
       AND (q->'sop_instance_uids' IS NULL OR q->'sop_instance_uids' ? i.sop_instance_uid)
       AND (q->>'instance_number' IS NULL OR i.instance_number = (q->>'instance_number')::int)
       AND (q->>'rows' IS NULL OR i.rows = (q->>'rows')::int)
       AND (q->>'columns' IS NULL OR i.columns = (q->>'columns')::int)
       AND (q->>'number_of_frames' IS NULL OR i.number_of_frames = (q->>'number_of_frames')::int);
