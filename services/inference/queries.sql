-- name: upsert_exam
-- Notes the exam and its newest revision; the row stays locked until the transaction ends.
INSERT INTO exams AS exam (organisation_id, exam_id, study_instance_uid, revision, reader_id, scanner)
VALUES (%(organisation_id)s, %(exam_id)s, %(study_instance_uid)s, %(revision)s, %(reader_id)s, %(scanner)s)
ON CONFLICT (organisation_id, exam_id) DO UPDATE
SET scanner = excluded.scanner, revision = greatest(exam.revision, excluded.revision),
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
INSERT INTO analyses (organisation_id, analysis_id, exam_id, exam_revision, reader_id, state, started_at, content_time, versions)
VALUES (%(organisation_id)s, %(analysis_id)s, %(exam_id)s, %(exam_revision)s, %(reader_id)s, 'started', %(started_at)s, %(content_time)s,
    %(versions)s)
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
    (organisation_id, analysis_id, model, against, against_version, code, meaning, sop_instance_uid, shadow_value, shown_value, unit,
    shadow_answer, shown_answer, disagrees)
VALUES (%(organisation_id)s, %(analysis_id)s, %(model)s, %(against)s, %(against_version)s, %(code)s, %(meaning)s, %(sop_instance_uid)s,
    %(shadow_value)s, %(shown_value)s, %(unit)s, %(shadow_answer)s, %(shown_answer)s, %(disagrees)s)
ON CONFLICT DO NOTHING;

-- name: list_outcomes
-- The finished analyses of an exam that the caller owns or reads, the latest revision first.
SELECT analysis_id, exam_id, organisation_id, exam_revision, state, started_at, finished_at, outcome FROM analyses
WHERE exam_id = %(exam_id)s AND outcome IS NOT NULL ORDER BY exam_revision DESC;

-- name: select_outcome_by_id
-- One finished analysis that the caller owns or reads.
SELECT analysis_id, exam_id, organisation_id, exam_revision, state, started_at, finished_at, outcome FROM analyses
WHERE analysis_id = %(analysis_id)s AND outcome IS NOT NULL;

-- name: select_model_versions
-- The caller's own pins of these models, and those of the platform's row.
SELECT organisation_id, model, shown_version, shadow_version, previous_version, revision FROM model_versions
WHERE model = ANY(%(models)s);

-- name: list_model_versions
-- Every hospital's pin of a model, locked for whoever decides about them.
SELECT organisation_id, model, shown_version, shadow_version, previous_version, revision FROM model_versions
WHERE model = %(model)s ORDER BY organisation_id FOR UPDATE;

-- name: list_all_model_versions
-- Every hospital's pins.
SELECT organisation_id, model, shown_version, shadow_version, previous_version, revision FROM model_versions
ORDER BY model, organisation_id;

-- name: insert_model_version
-- Pins a model; a pin that stands stays.
INSERT INTO model_versions (organisation_id, model, shown_version, shadow_version, previous_version, revision)
VALUES (%(organisation_id)s, %(model)s, %(shown_version)s, %(shadow_version)s, %(previous_version)s, %(revision)s)
ON CONFLICT (organisation_id, model) DO NOTHING;

-- name: update_model_version
-- Changes a pin that the caller has locked.
UPDATE model_versions
SET shown_version = %(shown_version)s, shadow_version = %(shadow_version)s, previous_version = %(previous_version)s, revision = %(revision)s
WHERE organisation_id = %(organisation_id)s AND model = %(model)s;

-- name: insert_model_version_change
-- Notes who decided about a pin, when and why.
INSERT INTO model_version_changes
    (organisation_id, model, revision, act, shown_version, shadow_version, changed_at, changed_by, changed_by_name, reason)
VALUES (%(organisation_id)s, %(model)s, %(revision)s, %(act)s, %(shown_version)s, %(shadow_version)s, %(changed_at)s,
    %(changed_by)s, %(changed_by_name)s, %(reason)s);

-- name: list_model_version_changes
-- The decisions about a model's versions, the latest first.
SELECT organisation_id, revision, act, shown_version, shadow_version, changed_at, changed_by_name, reason FROM model_version_changes
WHERE model = %(model)s ORDER BY changed_at DESC, organisation_id, revision DESC LIMIT 500;

-- name: select_versions_under_way
-- The versions that an unfinished analysis of this revision began with.
SELECT versions FROM analyses
WHERE organisation_id = %(organisation_id)s AND exam_id = %(exam_id)s AND exam_revision = %(exam_revision)s
  AND state IN ('started', 'inferred') AND versions <> '{}'
ORDER BY started_at DESC LIMIT 1;

-- name: count_shadow_differences
-- How often versions in the shadow said something else than the shown versions of their models, by hospital, versions and code.
SELECT organisation_id, against AS model, split_part(model, '@', 2) AS version, against_version AS against, code, max(meaning) AS meaning,
    count(DISTINCT analysis_id) AS exams, count(*) AS compared, count(*) FILTER (WHERE disagrees) AS disagreed
FROM shadow_differences WHERE split_part(model, '@', 1) = against AND model <> against
GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5;

-- name: count_answers
-- Of how many images each version said something or that nothing is to be said, and on how many it failed, by hospital, shown or in the shadow.
SELECT organisation_id, model, version, shown, coalesce(sum(count) FILTER (WHERE bin <> 'failed'), 0)::bigint AS answered,
    coalesce(sum(count) FILTER (WHERE bin = 'failed'), 0)::bigint AS failed
FROM model_tallies WHERE measure = 'outcome' GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4;

-- name: add_tally
-- Adds to one count of the day.
INSERT INTO model_tallies AS tally
    (organisation_id, day, model, version, scanner, reader_id, shown, measure, bin, count)
VALUES (%(organisation_id)s, %(day)s, %(model)s, %(version)s, %(scanner)s, %(reader_id)s, %(shown)s, %(measure)s, %(bin)s, %(count)s)
ON CONFLICT (organisation_id, day, model, version, scanner, reader_id, shown, measure, bin)
DO UPDATE SET count = tally.count + excluded.count;

-- name: select_exam_seen
-- Who reads an exam that was analysed, and which scanner made it.
SELECT reader_id, scanner FROM exams WHERE organisation_id = %(organisation_id)s AND exam_id = %(exam_id)s;

-- name: sum_tallies
-- The counts that the caller may see in the recent window and in the one before it.
SELECT organisation_id, model, version, shown, scanner, measure, bin,
    coalesce(sum(count) FILTER (WHERE day >= %(recent_from)s), 0)::bigint AS recent,
    coalesce(sum(count) FILTER (WHERE day < %(recent_from)s), 0)::bigint AS reference
FROM model_tallies WHERE day >= %(reference_from)s
GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 1, 2, 3, 4, 5, 6, 7;
