-- name: find_instance
-- What decides whether an instance that comes again is the same.
SELECT dataset_digest, transfer_syntax_uid, exam_id FROM instances
WHERE organisation_id = %(organisation_id)s AND sop_instance_uid = %(sop_instance_uid)s;

-- name: prepare_instance
-- Before an object is put: whether the instance is there already, whether its exam is; if it is new, tells of the object.
-- Losing this transaction in a crash of the server costs nothing but an object that stays; so it need not wait for the disk.
WITH found AS (
    SELECT i.dataset_digest, i.transfer_syntax_uid, i.exam_id FROM instances i
    WHERE i.organisation_id = %(organisation_id)s AND i.sop_instance_uid = %(sop_instance_uid)s
), noted AS (
    INSERT INTO pending_objects (organisation_id, object_key)
    SELECT %(organisation_id)s, key FROM unnest(%(object_keys)s::text[]) AS key WHERE NOT EXISTS (SELECT FROM found)
)
SELECT set_config('synchronous_commit', 'off', true) AS relaxed,
    (SELECT dataset_digest FROM found) AS dataset_digest,
    (SELECT transfer_syntax_uid FROM found) AS transfer_syntax_uid,
    (SELECT exam_id FROM found) AS exam_id,
    EXISTS (SELECT FROM exams WHERE organisation_id = %(organisation_id)s
            AND study_instance_uid = %(study_instance_uid)s) AS exam_is_known;

-- name: note_object
-- Tells of an object before it is put.
INSERT INTO pending_objects (organisation_id, object_key) VALUES (%(organisation_id)s, %(object_key)s);

-- name: forget_objects
-- These objects have their instance, or are gone.
DELETE FROM pending_objects WHERE organisation_id = %(organisation_id)s AND object_key = ANY(%(object_keys)s);

-- name: take_pending_object
-- Takes an object left behind out of the list, unless somebody else is at it.
DELETE FROM pending_objects WHERE organisation_id = %(organisation_id)s AND object_key = (
    SELECT p.object_key FROM pending_objects p
    WHERE p.organisation_id = %(organisation_id)s AND p.object_key = %(object_key)s FOR UPDATE SKIP LOCKED);

-- name: find_pending_objects
-- Objects noted long ago that never got an instance.
SELECT organisation_id, object_key FROM pending_objects WHERE noted_at < %(before)s ORDER BY noted_at LIMIT %(limit)s;

-- name: object_is_used
-- Whether an instance refers to the object after all.
SELECT EXISTS (SELECT FROM instances WHERE organisation_id = %(organisation_id)s
               AND (object_key = %(object_key)s OR frames_key = %(object_key)s)) AS used;

-- name: insert_exam
-- The exam of a study's first instance; nothing when it is there.
INSERT INTO exams (organisation_id, id, study_instance_uid, service_date, first_instance_at, last_instance_at, attributes,
    patient_name, patient_id, birth_date, patient_sex, accession_number, study_id, study_description, referring_physician,
    study_date, study_time, modality, body_part, coverage, agreement_id, agreement_version, reader_id, consent_recorded,
    trial_consent_recorded, trace_id, character_set_declared, character_set_detected)
VALUES (%(organisation_id)s, %(id)s, %(study_instance_uid)s, %(service_date)s, %(now)s, %(now)s, %(attributes)s,
    %(patient_name)s, %(patient_id)s, %(birth_date)s, %(patient_sex)s, %(accession_number)s, %(study_id)s,
    %(study_description)s, %(referring_physician)s, %(study_date)s, %(study_time)s, %(modality)s, %(body_part)s,
    %(coverage)s, %(agreement_id)s, %(agreement_version)s, %(reader_id)s, %(consent_recorded)s,
    %(trial_consent_recorded)s, %(trace_id)s, %(character_set_declared)s, %(character_set_detected)s)
ON CONFLICT (organisation_id, study_instance_uid) DO NOTHING;

-- name: lock_exam_of_study
-- The exam, its row locked: whoever writes into an exam begins here.
SELECT id, organisation_id, study_instance_uid, state, revision, priority, service_date, first_instance_at, last_instance_at,
    modality, body_part, attributes, instances, frames, coverage, agreement_id, agreement_version, reader_id,
    remote_reading_consent, trial_consent, consent_recorded, trial_consent_recorded, report_state, trace_id,
    character_set_declared, character_set_detected
FROM exams WHERE organisation_id = %(organisation_id)s AND study_instance_uid = %(study_instance_uid)s FOR UPDATE;

-- name: lock_exam
-- The exam by its id, its row locked.
SELECT id, organisation_id, study_instance_uid, state, revision, priority, service_date, first_instance_at, last_instance_at,
    modality, body_part, attributes, instances, frames, coverage, agreement_id, agreement_version, reader_id,
    remote_reading_consent, trial_consent, consent_recorded, trial_consent_recorded, report_state, trace_id,
    character_set_declared, character_set_detected
FROM exams WHERE organisation_id = %(organisation_id)s AND id = %(id)s FOR UPDATE;

-- name: lock_due_exam
-- The exam if its turn is still due and nobody else is at it.
SELECT id, organisation_id, study_instance_uid, state, revision, priority, service_date, first_instance_at, last_instance_at,
    modality, body_part, attributes, instances, frames, coverage, agreement_id, agreement_version, reader_id,
    remote_reading_consent, trial_consent, consent_recorded, trial_consent_recorded, report_state, trace_id,
    character_set_declared, character_set_detected
FROM exams WHERE organisation_id = %(organisation_id)s AND id = %(id)s AND due_at <= %(now)s FOR UPDATE SKIP LOCKED;

-- name: read_exam
-- The exam by its id, one's own or one that crosses to oneself.
SELECT id, organisation_id, study_instance_uid, state, revision, priority, service_date, first_instance_at, last_instance_at,
    modality, body_part, attributes, instances, frames, coverage, agreement_id, agreement_version, reader_id,
    remote_reading_consent, trial_consent, consent_recorded, trial_consent_recorded, report_state, trace_id,
    character_set_declared, character_set_detected
FROM exams WHERE id = %(id)s;

-- name: list_exams
-- Exams by the time of their first instance, newest first, after a cursor.
SELECT id, organisation_id, study_instance_uid, state, revision, priority, service_date, first_instance_at, last_instance_at,
    modality, body_part, attributes, instances, frames, coverage, agreement_id, agreement_version, reader_id,
    remote_reading_consent, trial_consent, consent_recorded, trial_consent_recorded, report_state, trace_id,
    character_set_declared, character_set_detected
FROM exams
WHERE (%(study_instance_uid)s::text IS NULL OR study_instance_uid = %(study_instance_uid)s)
  AND (%(state)s::text IS NULL OR state = %(state)s)
  AND (%(from)s::date IS NULL OR service_date >= %(from)s)
  AND (%(to)s::date IS NULL OR service_date <= %(to)s)
  AND (%(before)s::timestamptz IS NULL OR (first_instance_at, id) < (%(before)s, %(before_id)s::uuid))
ORDER BY first_instance_at DESC, id DESC LIMIT %(limit)s;

-- name: add_instance
-- An instance with its series and details, counted in its exam, its objects no longer pending; nothing when its UID is taken.
-- What the platform wrote changes nothing of the exam but the modalities that are found.
WITH new_series AS (
    INSERT INTO series (organisation_id, exam_id, series_instance_uid, modality, series_number, attributes)
    VALUES (%(organisation_id)s, %(exam_id)s, %(series_instance_uid)s, %(modality)s, %(series_number)s,
        %(series_attributes)s)
    ON CONFLICT DO NOTHING
), added AS (
    INSERT INTO instances (organisation_id, sop_instance_uid, exam_id, series_instance_uid, sop_class_uid,
        transfer_syntax_uid, modality, instance_number, rows, columns, number_of_frames, size_bytes, digest_sha256,
        dataset_digest, object_key, frames_key, derived, received_at, attributes)
    VALUES (%(organisation_id)s, %(sop_instance_uid)s, %(exam_id)s, %(series_instance_uid)s, %(sop_class_uid)s,
        %(transfer_syntax_uid)s, %(modality)s, %(instance_number)s, %(rows)s, %(columns)s, %(number_of_frames)s,
        %(size_bytes)s, %(digest_sha256)s, %(dataset_digest)s, %(object_key)s, %(frames_key)s, %(derived)s, %(now)s,
        %(attributes)s)
    ON CONFLICT (organisation_id, sop_instance_uid) DO NOTHING
    RETURNING organisation_id, sop_instance_uid, exam_id
), details AS (
    INSERT INTO instance_details (organisation_id, sop_instance_uid, exam_id, metadata, frame_spans, frame_fault, bulk,
        character_set_declared, character_set_detected)
    SELECT organisation_id, sop_instance_uid, exam_id, %(metadata)s, %(frame_spans)s, %(frame_fault)s, %(bulk)s,
        %(character_set_declared)s, %(character_set_detected)s
    FROM added
), counted AS (
    UPDATE exams SET
        instances = exams.instances + CASE WHEN %(derived)s THEN 0 ELSE 1 END,
        frames = exams.frames + CASE WHEN %(derived)s THEN 0 ELSE %(number_of_frames)s END,
        last_instance_at = CASE WHEN %(derived)s THEN exams.last_instance_at ELSE %(now)s END,
        due_at = CASE WHEN %(derived)s THEN exams.due_at ELSE %(due_at)s END,
        modality = %(exam_modality)s,
        body_part = %(exam_body_part)s,
        modalities = CASE WHEN %(modality)s = '' OR %(modality)s = ANY (exams.modalities) THEN exams.modalities
                     ELSE exams.modalities || %(modality)s::text END
    FROM added WHERE exams.organisation_id = added.organisation_id AND exams.id = added.exam_id
), forgotten AS (
    DELETE FROM pending_objects USING added
    WHERE pending_objects.organisation_id = added.organisation_id
      AND pending_objects.object_key IN (%(object_key)s, %(frames_key)s)
)
SELECT EXISTS (SELECT FROM added) AS added;

-- name: exam_settled
-- The exam as settling left it; nothing is due, unless it is still arriving.
UPDATE exams SET state = %(state)s, revision = %(revision)s, coverage = %(coverage)s, agreement_id = %(agreement_id)s,
    agreement_version = %(agreement_version)s, reader_id = %(reader_id)s, consent_recorded = %(consent_recorded)s,
    trial_consent_recorded = %(trial_consent_recorded)s, due_at = CASE WHEN %(state)s = 'receiving' THEN due_at END
WHERE organisation_id = %(organisation_id)s AND id = %(id)s;

-- name: nothing_due
-- Nothing was to be told.
UPDATE exams SET due_at = NULL WHERE organisation_id = %(organisation_id)s AND id = %(id)s;

-- name: set_priority
-- The clinic says how urgent the exam is.
UPDATE exams SET priority = %(priority)s WHERE organisation_id = %(organisation_id)s AND id = %(id)s;

-- name: set_consent
-- The patient's consent, as the clinic records it.
UPDATE exams SET remote_reading_consent = %(remote_reading)s, trial_consent = %(trial)s
WHERE organisation_id = %(organisation_id)s AND id = %(id)s;

-- name: announce_instances
-- The event about to be written tells of these for the first time.
UPDATE instances SET announced_revision = %(revision)s
WHERE organisation_id = %(organisation_id)s AND exam_id = %(exam_id)s AND announced_revision IS NULL AND NOT derived
RETURNING sop_instance_uid;

-- name: has_late_instances
-- Whether the exam has instances that no event told of.
SELECT EXISTS (SELECT FROM instances WHERE organisation_id = %(organisation_id)s AND exam_id = %(exam_id)s
               AND announced_revision IS NULL AND NOT derived) AS late;

-- name: list_references
-- The requester's own instances of an exam, in the order to look at them.
SELECT i.series_instance_uid, i.sop_instance_uid, i.sop_class_uid, i.transfer_syntax_uid, i.modality, i.number_of_frames,
    i.rows, i.columns, i.object_key, i.size_bytes, i.digest_sha256, i.instance_number,
    coalesce(s.attributes #>> '{00081090,Value,0}', '') AS scanner
FROM instances i JOIN series s ON s.organisation_id = i.organisation_id AND s.exam_id = i.exam_id
    AND s.series_instance_uid = i.series_instance_uid
WHERE i.organisation_id = %(organisation_id)s AND i.exam_id = %(exam_id)s AND NOT i.derived
ORDER BY s.series_number NULLS LAST, i.series_instance_uid, i.instance_number NULLS LAST, i.sop_instance_uid;

-- name: find_reference
-- One instance of an exam.
SELECT series_instance_uid, sop_instance_uid, sop_class_uid, transfer_syntax_uid, modality, number_of_frames, rows, columns,
    object_key, size_bytes, digest_sha256, instance_number
FROM instances
WHERE organisation_id = %(organisation_id)s AND exam_id = %(exam_id)s AND sop_instance_uid = %(sop_instance_uid)s;

-- name: find_due_exams
-- Exams whose turn it is, of all organisations.
SELECT organisation_id, id FROM exams WHERE due_at <= %(now)s ORDER BY due_at LIMIT %(limit)s;

-- name: due_age
-- How long the oldest due exam has waited, in seconds.
SELECT coalesce(extract(epoch FROM %(now)s - min(due_at)), 0)::float8 AS seconds FROM exams WHERE due_at <= %(now)s;

-- name: exam_exists
-- Whether the organisation has the exam.
SELECT id FROM exams WHERE organisation_id = %(organisation_id)s AND id = %(id)s;

-- name: recheck_exams
-- A new agreement may bring across what it covers: the sweep looks at these exams again.
UPDATE exams SET due_at = %(now)s
WHERE organisation_id = %(organisation_id)s AND state <> 'receiving' AND due_at IS NULL AND coverage <> 'crosses'
  AND service_date >= %(from)s AND (%(until)s::date IS NULL OR service_date < %(until)s);

-- name: report_signed
-- The clinic sees that its report is there; versions only grow.
UPDATE exams SET report_state = %(report_state)s, report_version = %(version)s
WHERE organisation_id = %(organisation_id)s AND id = %(id)s AND report_version < %(version)s;

-- name: insert_refusal
-- Why an instance was refused.
INSERT INTO refusals (organisation_id, id, refused_at, protocol, sender, reason, detail, advice, study_instance_uid,
    sop_instance_uid, sop_class_uid)
VALUES (%(organisation_id)s, %(id)s, %(now)s, %(protocol)s, %(sender)s, %(reason)s, %(detail)s, %(advice)s,
    %(study_instance_uid)s, %(sop_instance_uid)s, %(sop_class_uid)s);

-- name: list_refusals
-- What was refused, newest first, after a cursor.
SELECT id, refused_at, protocol, sender, reason, detail, advice, study_instance_uid, sop_instance_uid, sop_class_uid
FROM refusals
WHERE organisation_id = %(organisation_id)s AND (%(before)s::uuid IS NULL OR id < %(before)s)
ORDER BY id DESC LIMIT %(limit)s;

-- name: owners_of_study
-- Whose the study is among what the caller may see: its own, and what crosses to it.
SELECT organisation_id, id FROM exams
WHERE study_instance_uid = %(study_instance_uid)s
  AND (%(owner)s::uuid IS NULL OR organisation_id = %(owner)s)
ORDER BY organisation_id;

-- name: find_studies
-- QIDO-RS at the level of studies.
SELECT e.organisation_id, e.id, e.study_instance_uid, e.attributes, e.modalities,
    (SELECT count(*) FROM series s WHERE s.organisation_id = e.organisation_id AND s.exam_id = e.id) AS number_of_series,
    (SELECT count(*) FROM instances i WHERE i.organisation_id = e.organisation_id AND i.exam_id = e.id)
        AS number_of_instances
FROM exams e
WHERE (%(owner)s::uuid IS NULL OR e.organisation_id = %(owner)s)
  AND (%(study_uids)s::text[] IS NULL OR e.study_instance_uid = ANY(%(study_uids)s))
  AND study_matches(e, %(q)s)
ORDER BY e.study_date DESC NULLS LAST, e.study_time DESC, e.id LIMIT %(limit)s OFFSET %(offset)s;

-- name: find_series
-- QIDO-RS at the level of series.
SELECT e.organisation_id, e.id, e.study_instance_uid, e.attributes AS study_attributes, e.modalities,
    s.series_instance_uid, s.attributes,
    (SELECT count(*) FROM instances i WHERE i.organisation_id = s.organisation_id AND i.exam_id = s.exam_id
        AND i.series_instance_uid = s.series_instance_uid) AS number_of_instances
FROM exams e JOIN series s ON s.organisation_id = e.organisation_id AND s.exam_id = e.id
WHERE (%(owner)s::uuid IS NULL OR e.organisation_id = %(owner)s)
  AND (%(study_uids)s::text[] IS NULL OR e.study_instance_uid = ANY(%(study_uids)s))
  AND study_matches(e, %(q)s) AND series_matches(s, %(q)s)
ORDER BY e.study_date DESC NULLS LAST, e.id, s.series_number NULLS LAST, s.series_instance_uid
LIMIT %(limit)s OFFSET %(offset)s;

-- name: find_instances
-- QIDO-RS at the level of instances.
SELECT e.organisation_id, e.id, e.study_instance_uid, e.attributes AS study_attributes, e.modalities,
    s.series_instance_uid, s.attributes AS series_attributes, i.sop_instance_uid, i.attributes
FROM exams e JOIN series s ON s.organisation_id = e.organisation_id AND s.exam_id = e.id
    JOIN instances i ON i.organisation_id = s.organisation_id AND i.exam_id = s.exam_id
        AND i.series_instance_uid = s.series_instance_uid
WHERE (%(owner)s::uuid IS NULL OR e.organisation_id = %(owner)s)
  AND (%(study_uids)s::text[] IS NULL OR e.study_instance_uid = ANY(%(study_uids)s))
  AND study_matches(e, %(q)s) AND series_matches(s, %(q)s) AND instance_matches(i, %(q)s)
ORDER BY e.study_date DESC NULLS LAST, e.id, s.series_number NULLS LAST, s.series_instance_uid,
    i.instance_number NULLS LAST, i.sop_instance_uid
LIMIT %(limit)s OFFSET %(offset)s;

-- name: sample_metadata
-- The metadata of one instance of an exam, of a series, or the instance itself: for attributes that no level keeps.
SELECT d.metadata FROM instances i JOIN instance_details d
    ON d.organisation_id = i.organisation_id AND d.sop_instance_uid = i.sop_instance_uid
WHERE i.organisation_id = %(organisation_id)s AND i.exam_id = %(exam_id)s
  AND (%(series_instance_uid)s::text IS NULL OR i.series_instance_uid = %(series_instance_uid)s)
  AND (%(sop_instance_uid)s::text IS NULL OR i.sop_instance_uid = %(sop_instance_uid)s)
ORDER BY i.derived, i.received_at, i.sop_instance_uid LIMIT 1;

-- name: list_stored
-- The stored objects of an exam, a series or one instance.
SELECT i.series_instance_uid, i.sop_instance_uid, i.transfer_syntax_uid, i.object_key, i.frames_key, i.size_bytes,
    i.number_of_frames, i.modality, i.derived
FROM instances i JOIN series s ON s.organisation_id = i.organisation_id AND s.exam_id = i.exam_id
    AND s.series_instance_uid = i.series_instance_uid
WHERE i.organisation_id = %(organisation_id)s AND i.exam_id = %(exam_id)s
  AND (%(series_instance_uid)s::text IS NULL OR i.series_instance_uid = %(series_instance_uid)s)
  AND (%(sop_instance_uid)s::text IS NULL OR i.sop_instance_uid = %(sop_instance_uid)s)
ORDER BY s.series_number NULLS LAST, i.series_instance_uid, i.instance_number NULLS LAST, i.sop_instance_uid;

-- name: list_metadata
-- The metadata of an exam's, a series' or one instance, in the order to look at them.
SELECT d.metadata
FROM instances i JOIN series s ON s.organisation_id = i.organisation_id AND s.exam_id = i.exam_id
    AND s.series_instance_uid = i.series_instance_uid
    JOIN instance_details d ON d.organisation_id = i.organisation_id AND d.sop_instance_uid = i.sop_instance_uid
WHERE i.organisation_id = %(organisation_id)s AND i.exam_id = %(exam_id)s
  AND (%(series_instance_uid)s::text IS NULL OR i.series_instance_uid = %(series_instance_uid)s)
  AND (%(sop_instance_uid)s::text IS NULL OR i.sop_instance_uid = %(sop_instance_uid)s)
ORDER BY s.series_number NULLS LAST, i.series_instance_uid, i.instance_number NULLS LAST, i.sop_instance_uid;

-- name: read_frames
-- Where some frames of an instance lie, in the order asked; numbers count from 1.
SELECT n.number, substr(d.frame_spans, (n.number - 1) * 12 + 1, 12) AS span
FROM instance_details d, unnest(%(numbers)s::int[]) WITH ORDINALITY AS n (number, place)
WHERE d.organisation_id = %(organisation_id)s AND d.sop_instance_uid = %(sop_instance_uid)s
ORDER BY n.place;

-- name: read_details
-- Everything noted about an instance but its frames.
SELECT metadata, bulk, frame_fault, length(frame_spans) / 12 AS frames FROM instance_details
WHERE organisation_id = %(organisation_id)s AND sop_instance_uid = %(sop_instance_uid)s;

-- name: insert_upload
-- An upload begins.
INSERT INTO uploads (organisation_id, id, subject, file_name, length_bytes, metadata, expires_at)
VALUES (%(organisation_id)s, %(id)s, %(subject)s, %(file_name)s, %(length_bytes)s, %(metadata)s, %(expires_at)s);

-- name: read_upload
-- An upload as it stands.
SELECT id, subject, file_name, length_bytes, offset_bytes, piece_keys, metadata, expires_at, finished, outcome FROM uploads
WHERE organisation_id = %(organisation_id)s AND id = %(id)s AND expires_at > %(now)s;

-- name: append_upload
-- A piece is in the store; touches no row when another request was quicker.
UPDATE uploads SET offset_bytes = offset_bytes + %(size_bytes)s, piece_keys = piece_keys || %(object_key)s::text
WHERE organisation_id = %(organisation_id)s AND id = %(id)s AND offset_bytes = %(offset_bytes)s AND NOT finished;

-- name: finish_upload
-- The upload's file was taken, or refused.
UPDATE uploads SET finished = true, outcome = %(outcome)s, piece_keys = '{}'
WHERE organisation_id = %(organisation_id)s AND id = %(id)s;

-- name: delete_upload
-- Forgets an upload; its pieces are to be deleted.
DELETE FROM uploads WHERE organisation_id = %(organisation_id)s AND id = %(id)s RETURNING piece_keys;

-- name: find_expired_uploads
-- Uploads that nobody went on with.
SELECT organisation_id, id FROM uploads WHERE expires_at <= %(now)s ORDER BY expires_at LIMIT %(limit)s;
