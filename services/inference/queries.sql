-- name: upsert_exam
-- Notes the exam and its newest revision; the row stays locked until the transaction ends.
INSERT INTO exams AS exam (organisation_id, exam_id, study_instance_uid, revision, reader_id)
VALUES (%(organisation_id)s, %(exam_id)s, %(study_instance_uid)s, %(revision)s, %(reader_id)s)
ON CONFLICT (organisation_id, exam_id) DO UPDATE
SET revision = greatest(exam.revision, excluded.revision),
    reader_id = CASE WHEN excluded.revision >= exam.revision THEN excluded.reader_id ELSE exam.reader_id END
RETURNING revision;

-- name: lock_exam
-- Serialises whoever writes this exam's analyses.
SELECT revision FROM exams WHERE organisation_id = %(organisation_id)s AND exam_id = %(exam_id)s FOR UPDATE;

-- name: select_outcome
-- The finished analysis of a revision.
SELECT analysis_id, state FROM analyses
WHERE organisation_id = %(organisation_id)s AND exam_id = %(exam_id)s AND exam_revision = %(exam_revision)s
  AND state IN ('completed', 'skipped', 'failed');

-- name: start_analysis
-- Begins an analysis; one that was begun before stays as it is.
INSERT INTO analyses (organisation_id, analysis_id, exam_id, exam_revision, reader_id, state, started_at, content_time)
VALUES (%(organisation_id)s, %(analysis_id)s, %(exam_id)s, %(exam_revision)s, %(reader_id)s, 'started', %(started_at)s, %(content_time)s)
ON CONFLICT (organisation_id, analysis_id) DO NOTHING;

-- name: select_analysis
-- One analysis.
SELECT analysis_id, exam_id, exam_revision, state, started_at, content_time FROM analyses
WHERE organisation_id = %(organisation_id)s AND analysis_id = %(analysis_id)s;

-- name: set_state
-- Moves an analysis on from the state that the caller saw under the exam's lock.
UPDATE analyses SET state = %(state)s, finished_at = %(finished_at)s, outcome = %(outcome)s
WHERE organisation_id = %(organisation_id)s AND analysis_id = %(analysis_id)s AND state = %(seen)s;

-- name: list_completed_before
-- The exam's completed analyses of earlier revisions, the latest first.
SELECT analysis_id, outcome FROM analyses
WHERE organisation_id = %(organisation_id)s AND exam_id = %(exam_id)s AND exam_revision < %(exam_revision)s
  AND state = 'completed'
ORDER BY exam_revision DESC;

-- name: insert_result
-- Records what the models said; the first record stays.
INSERT INTO results (organisation_id, analysis_id, result, recorded_at)
VALUES (%(organisation_id)s, %(analysis_id)s, %(result)s, %(recorded_at)s)
ON CONFLICT (organisation_id, analysis_id) DO NOTHING;

-- name: select_result_text
-- What the models said.
SELECT result::text AS result FROM results WHERE organisation_id = %(organisation_id)s AND analysis_id = %(analysis_id)s;

-- name: insert_shadow_difference
-- Notes how far a shadow model's figure lies from the shown one's.
INSERT INTO shadow_differences
    (organisation_id, analysis_id, model, against, code, sop_instance_uid, shadow_value, shown_value, unit)
VALUES (%(organisation_id)s, %(analysis_id)s, %(model)s, %(against)s, %(code)s, %(sop_instance_uid)s, %(shadow_value)s, %(shown_value)s, %(unit)s)
ON CONFLICT DO NOTHING;

-- name: list_outcomes
-- The finished analyses of an exam that the caller owns or reads, the latest revision first.
SELECT analysis_id, exam_id, organisation_id, exam_revision, state, started_at, finished_at, outcome FROM analyses
WHERE exam_id = %(exam_id)s AND outcome IS NOT NULL ORDER BY exam_revision DESC;

-- name: select_outcome_by_id
-- One finished analysis that the caller owns or reads.
SELECT analysis_id, exam_id, organisation_id, exam_revision, state, started_at, finished_at, outcome FROM analyses
WHERE analysis_id = %(analysis_id)s AND outcome IS NOT NULL;
