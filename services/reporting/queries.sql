-- name: ensure_exam
-- A row to lock, whichever event comes first.
INSERT INTO exam (organisation_id, id) VALUES (%(organisation_id)s, %(exam_id)s) ON CONFLICT (organisation_id, id) DO NOTHING;

-- name: lock_exam
-- The exam, locked: every writer begins here.
SELECT id, organisation_id, reader_id, revision, header, instances, first_completed_at
FROM exam WHERE organisation_id = %(organisation_id)s AND id = %(exam_id)s FOR UPDATE;

-- name: update_exam
-- The exam as its newest revision tells it.
UPDATE exam
SET reader_id = %(reader_id)s, revision = %(revision)s, header = %(header)s, instances = %(instances)s
WHERE id = %(exam_id)s;

-- name: note_first_completion
-- When the exam was first complete; the earliest that any event says.
UPDATE exam SET first_completed_at = least(coalesce(first_completed_at, %(at)s), %(at)s) WHERE id = %(exam_id)s
RETURNING first_completed_at;

-- name: select_exam_instances
-- The instances of an exam that the caller owns or reads.
SELECT organisation_id, reader_id, header, instances FROM exam WHERE id = %(exam_id)s;

-- name: upsert_analysis
-- The outcome for the newest revision of the exam; an older one changes nothing.
INSERT INTO analysis AS known (exam_id, organisation_id, exam_revision, outcome, body)
VALUES (%(exam_id)s, %(organisation_id)s, %(exam_revision)s, %(outcome)s, %(body)s)
ON CONFLICT (organisation_id, exam_id) DO UPDATE
SET exam_revision = excluded.exam_revision, outcome = excluded.outcome, body = excluded.body
WHERE known.exam_revision <= excluded.exam_revision;

-- name: select_analysis
-- The newest analysis of an exam.
SELECT exam_revision, outcome, body FROM analysis WHERE exam_id = %(exam_id)s;

-- name: insert_task
-- The one task of an exam.
INSERT INTO task (id, organisation_id, reader_id, exam_id, report_id, state, priority, due_at, double_reading, ai)
VALUES (%(id)s, %(organisation_id)s, %(reader_id)s, %(exam_id)s, %(report_id)s, 'unassigned', %(priority)s, %(due_at)s,
        %(double_reading)s, 'pending');

-- name: insert_report
-- The working copy that goes with a task.
INSERT INTO report (id, organisation_id, reader_id, exam_id)
VALUES (%(id)s, %(organisation_id)s, %(reader_id)s, %(exam_id)s);

-- name: select_task_of_exam
-- The task of an exam whose row is locked.
SELECT id, organisation_id, reader_id, exam_id, report_id, state, priority, due_at, double_reading, ai, new_images,
       claimed_by, claimed_by_name, lease_until
FROM task WHERE organisation_id = %(organisation_id)s AND exam_id = %(exam_id)s;

-- name: select_exam_of_task
-- Which exam to lock for a task that the caller's organisation reads.
SELECT organisation_id, exam_id FROM task WHERE id = %(task_id)s AND reader_id = current_organisation();

-- name: select_exam_of_report
-- Which exam to lock for a report that the caller's organisation reads.
SELECT organisation_id, exam_id FROM task WHERE report_id = %(report_id)s AND reader_id = current_organisation();

-- name: update_task
-- All that may change of a task.
UPDATE task
SET reader_id = %(reader_id)s, state = %(state)s, priority = %(priority)s, due_at = %(due_at)s,
    double_reading = %(double_reading)s, ai = %(ai)s, new_images = %(new_images)s,
    claimed_by = %(claimed_by)s, claimed_by_name = %(claimed_by_name)s, lease_until = %(lease_until)s
WHERE organisation_id = %(organisation_id)s AND id = %(id)s;

-- name: select_report
-- The working copy of a report.
SELECT id, version, edition, findings, offered, hints, key_image, description, impression, recommendation, critical, first_reading
FROM report WHERE id = %(report_id)s;

-- name: update_report
-- All that may change of a working copy; its edition grows.
UPDATE report
SET reader_id = %(reader_id)s, version = %(version)s, edition = edition + 1, findings = %(findings)s, offered = %(offered)s,
    hints = %(hints)s,
    key_image = %(key_image)s, description = %(description)s, impression = %(impression)s,
    recommendation = %(recommendation)s, critical = %(critical)s, first_reading = %(first_reading)s
WHERE id = %(id)s
RETURNING edition;

-- name: update_report_reader
-- Moves the working copy to another reader, or to nobody.
UPDATE report SET reader_id = %(reader_id)s WHERE exam_id = %(exam_id)s;

-- name: worklist
-- The reader's tasks, the earliest due first. A claim whose lease has ended counts as unassigned.
SELECT t.id, t.organisation_id, t.reader_id, t.exam_id, t.report_id, t.state, t.priority, t.due_at, t.double_reading, t.ai,
       t.new_images, t.claimed_by, t.claimed_by_name, t.lease_until, e.header, r.version, r.first_reading
FROM task t
JOIN exam e ON e.organisation_id = t.organisation_id AND e.id = t.exam_id
JOIN report r ON r.organisation_id = t.organisation_id AND r.id = t.report_id
WHERE t.reader_id = current_organisation()
  AND (
    CASE WHEN t.state = 'claimed' AND t.lease_until <= %(now)s THEN 'unassigned' ELSE t.state END = ANY (%(states)s)
    OR (%(with_new_images)s AND t.new_images)
  )
  AND (%(subject)s::text IS NULL OR (t.claimed_by = %(subject)s AND t.lease_until > %(now)s))
  AND (%(after_due)s::timestamptz IS NULL OR (t.due_at, t.id) > (%(after_due)s, %(after_id)s::uuid))
ORDER BY t.due_at, t.id
LIMIT %(limit)s;

-- name: select_task
-- One task that the caller owns or reads; the working copy is the reader's alone.
SELECT t.id, t.organisation_id, t.reader_id, t.exam_id, t.report_id, t.state, t.priority, t.due_at, t.double_reading, t.ai,
       t.new_images, t.claimed_by, t.claimed_by_name, t.lease_until, e.header,
       (SELECT max(v.version) FROM report_version v
        WHERE v.organisation_id = t.organisation_id AND v.report_id = t.report_id) AS version, r.first_reading
FROM task t
JOIN exam e ON e.organisation_id = t.organisation_id AND e.id = t.exam_id
LEFT JOIN report r ON r.organisation_id = t.organisation_id AND r.id = t.report_id
WHERE t.id = %(task_id)s OR t.exam_id = %(exam_id)s OR t.report_id = %(report_id)s;

-- name: insert_version
-- A signed report, for good.
INSERT INTO report_version (report_id, version, organisation_id, reader_id, exam_id, study_instance_uid, signed_at, signed_by,
                            content, document_key, document_digest_sha256, sr_key)
VALUES (%(report_id)s, %(version)s, %(organisation_id)s, %(reader_id)s, %(exam_id)s, %(study_instance_uid)s, %(signed_at)s,
        %(signed_by)s, %(content)s, %(document_key)s, %(document_digest_sha256)s, %(sr_key)s);

-- name: select_versions
-- All signed versions of a report that the caller owns or reads.
SELECT report_id, version, organisation_id, reader_id, exam_id, study_instance_uid, signed_at, signed_by, content,
       document_key, document_digest_sha256, sr_key
FROM report_version WHERE report_id = %(report_id)s ORDER BY version;

-- name: select_latest_versions
-- The latest signed version of each report of an exam or a study that the caller owns or reads.
SELECT DISTINCT ON (report_id) report_id, version, organisation_id, reader_id, exam_id, study_instance_uid, signed_at,
       signed_by, content, document_key, document_digest_sha256, sr_key
FROM report_version
WHERE exam_id = %(exam_id)s OR study_instance_uid = %(study_instance_uid)s OR report_id = %(report_id)s
ORDER BY report_id, version DESC;

-- name: insert_delivery
-- A document that is to be put into the study.
INSERT INTO delivery (report_id, version, kind, organisation_id, reader_id, exam_id, object_key, trace_id, next_attempt_at)
VALUES (%(report_id)s, %(version)s, %(kind)s, %(organisation_id)s, %(reader_id)s, %(exam_id)s, %(object_key)s, %(trace_id)s,
        %(next_attempt_at)s);

-- name: take_delivery
-- The delivery that is due longest, kept from others for a while so that none goes out twice at once.
UPDATE delivery SET attempts = attempts + 1, next_attempt_at = %(now)s + %(patience)s
WHERE (organisation_id, report_id, version, kind) = (
    SELECT organisation_id, report_id, version, kind FROM delivery
    WHERE done_at IS NULL AND next_attempt_at <= %(now)s
    ORDER BY next_attempt_at LIMIT 1 FOR UPDATE SKIP LOCKED
)
RETURNING report_id, version, kind, organisation_id, exam_id, object_key, trace_id, attempts;

-- name: finish_delivery
-- The document is in the study.
UPDATE delivery SET done_at = %(now)s, last_error = ''
WHERE organisation_id = %(organisation_id)s AND report_id = %(report_id)s AND version = %(version)s AND kind = %(kind)s;

-- name: postpone_delivery
-- The document could not be put into the study now.
UPDATE delivery SET next_attempt_at = %(next_attempt_at)s, last_error = %(error)s
WHERE organisation_id = %(organisation_id)s AND report_id = %(report_id)s AND version = %(version)s AND kind = %(kind)s;

-- name: count_deliveries
-- How many documents wait for ingest.
SELECT count(*) AS waiting FROM delivery WHERE done_at IS NULL;

-- name: open_by_due
-- Open reports by how near their due time is.
SELECT count(*) FILTER (WHERE due_at < %(now)s) AS overdue,
       count(*) FILTER (WHERE due_at >= %(now)s AND due_at <= %(soon)s) AS within_1h,
       count(*) FILTER (WHERE due_at > %(soon)s) AS later
FROM task WHERE state NOT IN ('signed', 'amended');

-- name: quality_turnaround
-- By partner and priority: what was first signed since an instant, how much of it in time and how long it took; and what is open now.
SELECT CASE WHEN t.reader_id = current_organisation() THEN 'read' ELSE 'requested' END AS side,
       CASE WHEN t.reader_id = current_organisation() THEN t.organisation_id ELSE t.reader_id END AS partner_id,
       t.priority,
       count(v.signed_at) AS signed,
       count(*) FILTER (WHERE v.signed_at <= t.due_at) AS in_time,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM v.signed_at - e.first_completed_at) / 60) AS median_minutes,
       percentile_cont(0.9) WITHIN GROUP (ORDER BY extract(epoch FROM v.signed_at - e.first_completed_at) / 60) AS p90_minutes,
       count(*) FILTER (WHERE v.signed_at IS NULL) AS open,
       count(*) FILTER (WHERE v.signed_at IS NULL AND t.due_at < %(now)s) AS overdue
FROM task t
JOIN exam e ON e.organisation_id = t.organisation_id AND e.id = t.exam_id
LEFT JOIN report_version v ON v.organisation_id = t.organisation_id AND v.report_id = t.report_id AND v.version = 1
WHERE t.reader_id IS NOT NULL AND (v.signed_at IS NULL OR v.signed_at >= %(since)s)
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3;

-- name: quality_findings
-- What experts made of each model's findings in the reports first signed since an instant.
SELECT f -> 'finding' -> 'model' ->> 'name' AS model, f -> 'finding' -> 'model' ->> 'version' AS version,
       f -> 'finding' -> 'code' ->> 'value' AS code, f -> 'finding' -> 'code' ->> 'scheme' AS scheme,
       f -> 'finding' -> 'code' ->> 'meaning' AS meaning, f -> 'finding' ->> 'unit' AS unit,
       count(*) FILTER (WHERE f ->> 'state' = 'accepted') AS accepted,
       count(*) FILTER (WHERE f ->> 'state' = 'corrected') AS corrected,
       count(*) FILTER (WHERE f ->> 'state' = 'rejected') AS rejected,
       avg(abs((f ->> 'corrected_value')::float8 - (f -> 'finding' ->> 'value')::float8))
           FILTER (WHERE f ->> 'state' = 'corrected') AS mean_correction
FROM report_version v CROSS JOIN LATERAL jsonb_array_elements(v.content -> 'findings') AS f
WHERE v.version = 1 AND v.signed_at >= %(since)s
GROUP BY 1, 2, 3, 4, 5, 6
ORDER BY 1, 2, 3;
