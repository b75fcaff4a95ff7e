"""One exam through the service: what the reader gets, and what the study holds."""

from io import BytesIO
from typing import Any, cast

import grpc
import highdicom
import pytest

from tests.integration.inference.pictures import EMPTY, box, ultrasound
from tests.integration.inference.stage import Stage

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_an_exam_is_measured_and_its_document_stands_in_the_study(running: Stage) -> None:
    study = "1.2.826.1"
    still = ultrasound([box(20, 30, 80, 110)], study, "1.2.3")
    clip = ultrasound([EMPTY, box(10, 10, 50, 60), box(10, 10, 60, 70), box(10, 10, 90, 130), EMPTY], study, "1.2.3")
    exam = running.exam((*still, 1), (*clip, 5), study_instance_uid=study)
    await running.complete(exam)
    (done,) = await running.outcomes(exam.exam_id)

    assert done.investigational
    assert done.runs[0].frames == 6
    assert done.runs[0].outcome == "findings"
    by_image = {(f.anchor.sop_instance_uid, f.code.value): f for f in done.findings}
    assert by_image[still[0], "11984-2"].measurement.value == pytest.approx(2 * (80 + 60) * 0.5)
    assert by_image[clip[0], "11984-2"].anchor.first_frame == 3  # the median of the three frames that show a head
    assert by_image[clip[0], "11820-8"].measurement.method.startswith("outer to outer")

    document = running.ingest.documents[done.sop_instance_uids[0]]
    report = highdicom.sr.srread(BytesIO(document))
    assert str(report.PatientName) == "Wang^Fang=王^芳"
    assert report.StudyInstanceUID == study
    groups = cast(Any, report.content).get_planar_roi_measurement_groups()
    assert {group.tracking_uid for group in groups} == {f.tracking_uid for f in done.findings}
    assert b"Investigational" in document

    latest = await running.get_analysis(running.reader, exam.exam_id)
    assert latest.completed == done
    listed = (await running.get(running.requester, f"analyses?exam_id={exam.exam_id}")).json()["items"]
    assert listed[0]["id"] == done.analysis_id
    assert (await running.get(running.reader, f"analyses/{done.analysis_id}")).json()["state"] == "completed"
    assert (await running.get(running.stranger, f"analyses/{done.analysis_id}")).status_code == 404
    assert (await running.get(running.stranger, f"analyses?exam_id={exam.exam_id}")).json()["items"] == []
    with pytest.raises(grpc.aio.AioRpcError, match="NOT_FOUND"):
        await running.get_analysis(running.stranger, exam.exam_id)
    models = (await running.get(running.requester, "models")).json()["items"]
    assert models[0]["permitted"][0]["mode"] == "trial"


async def test_the_same_event_again_has_no_second_effect(running: Stage) -> None:
    exam = running.exam((*ultrasound([box(20, 30, 80, 110)], "1.2.9", "1.2.3"), 1), study_instance_uid="1.2.9")
    event = await running.complete(exam)
    await running.outcomes(exam.exam_id)
    await running.resend("ingest.v1", event)
    await running.complete(exam)  # another event of the same revision
    assert len(await running.outcomes(exam.exam_id, settle=4)) == 1
    assert len(running.reports_of(exam)) == 1


async def test_an_exam_that_no_agreement_covers_is_skipped_by_name(running: Stage) -> None:
    exam = running.exam((*ultrasound([box(20, 30, 80, 110)], "1.2.9", "1.2.3"), 1), crosses=False)
    await running.complete(exam)
    (skipped,) = await running.outcomes(exam.exam_id)
    assert skipped.rule == "no_agreement"
    assert "No agreement" in skipped.reason
    assert (await running.get_analysis(running.requester, exam.exam_id)).skipped == skipped


async def test_a_shadow_model_runs_and_is_never_shown(running: Stage) -> None:
    exam = running.exam((*ultrasound([box(20, 30, 80, 110)], "1.2.9", "1.2.3"), 1), version=2)
    await running.complete(exam)
    (skipped,) = await running.outcomes(exam.exam_id)
    assert skipped.rule == "shadow_only"
    assert running.documents_of(exam) == []
    found = running.rows(
        "SELECT result->'runs'->0->>'outcome' FROM inference.results JOIN inference.analyses USING (analysis_id)"
        f" WHERE exam_id = '{exam.exam_id}'"
    )
    assert found == [("findings",)]


async def test_an_instance_that_cannot_be_decoded_does_not_stop_the_others(running: Stage) -> None:
    good = ultrasound([box(20, 30, 80, 110)], "1.2.9", "1.2.3")
    uid, data = ultrasound([box(20, 30, 80, 110)], "1.2.9", "1.2.3")
    exam = running.exam((*good, 1), (uid, data[: len(data) // 2], 1), study_instance_uid="1.2.9")
    await running.complete(exam)
    (done,) = await running.outcomes(exam.exam_id)
    assert {f.anchor.sop_instance_uid for f in done.findings} == {good[0]}


async def test_an_exam_of_which_no_image_can_be_decoded_tells_so_blames_no_model_and_costs_nothing(
    running: Stage,
) -> None:
    uid, data = ultrasound([box(20, 30, 80, 110)], "1.2.9", "1.2.3")
    exam = running.exam((uid, data[: len(data) // 2], 1), study_instance_uid="1.2.9")
    await running.complete(exam)
    (done,) = await running.outcomes(exam.exam_id)
    assert [run.outcome for run in done.runs] == ["unreadable"]
    assert [(one.model, one.sop_instance_uid, one.name) for one in done.silences] == [("", uid, "unreadable")]
    assert list(done.sop_instance_uids) == []


async def test_lengths_are_refused_without_calibration_and_the_exam_goes_on(running: Stage) -> None:
    exam = running.exam((*ultrasound([box(20, 30, 80, 110)], "1.2.9", "1.2.3", spacing_mm=None), 1))
    await running.complete(exam)
    (done,) = await running.outcomes(exam.exam_id)
    assert list(done.findings) == []
    (report,) = running.reports_of(exam)
    assert "neither ultrasound regions nor a pixel spacing" in report.to_json()


async def test_a_trial_without_the_patients_consent_is_skipped(running: Stage) -> None:
    files = (*ultrasound([box(20, 30, 80, 110)], "1.2.9", "1.2.3"), 1)
    exam = running.exam(files, trial_consent=False)
    await running.complete(exam)
    assert (await running.outcomes(exam.exam_id))[0].rule == "trial_without_consent"
    permitting_nothing = running.exam(files, version=3)
    await running.complete(permitting_nothing)
    assert (await running.outcomes(permitting_nothing.exam_id))[0].rule == "no_model_in_agreement"


async def test_frames_without_a_head_say_so_and_leave_no_document(running: Stage) -> None:
    exam = running.exam((*ultrasound([EMPTY, EMPTY, EMPTY], "1.2.9", "1.2.3"), 3))
    await running.complete(exam)
    (done,) = await running.outcomes(exam.exam_id)
    run = done.runs[0]
    assert (run.frames, run.outcome, run.reason) == (3, "nothing found", "No head is seen.")
    assert running.documents_of(exam) == []


async def test_an_amended_exam_is_analysed_anew_and_an_older_revision_no_more(running: Stage) -> None:
    exam = running.exam(
        (*ultrasound([box(20, 30, 80, 110)], "1.2.9", "1.2.3"), 1), study_instance_uid="1.2.9", revision=2
    )
    await running.complete(exam)
    (second,) = await running.outcomes(exam.exam_id)
    assert second.exam_revision == 2
    exam.revision = 1
    await running.complete(exam)
    exam.revision = 3
    await running.complete(exam)
    found = await running.outcomes(exam.exam_id, count=2, settle=2)
    assert [one.exam_revision for one in found] == [2, 3]
    assert found[0].analysis_id != found[1].analysis_id
    earlier, later = running.reports_of(exam)
    assert "PredecessorDocumentsSequence" not in earlier
    before = later.PredecessorDocumentsSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence[0]
    assert before.ReferencedSOPInstanceUID == earlier.SOPInstanceUID


async def test_an_event_that_names_anothers_objects_goes_to_the_dead_letters(running: Stage) -> None:
    exam = running.exam((*ultrasound([box(20, 30, 80, 110)], "1.2.9", "1.2.3"), 1))
    exam.instances[0].object_key = exam.instances[0].object_key.replace(str(running.requester), str(running.stranger))
    await running.complete(exam)
    reason = await running.dead_letter(exam.exam_id)
    assert "another organisation" in reason
