"""One exam through the service: what the reader gets, and what the study holds."""

from io import BytesIO
from typing import Any, cast

import grpc
import highdicom
import pytest
from sonobridge.directory.v1 import directory_pb2 as directory

from tests.integration.inference.pictures import EMPTY, box, ultrasound
from tests.integration.inference.stage import Stage

TRIAL = directory.ModelPermission(model="identity", mode=directory.GATE_MODE_TRIAL, ethics_protocol="EC-7")


async def test_an_exam_is_measured_and_its_document_stands_in_the_study(stage: Stage) -> None:
    await stage.agree(TRIAL)
    await stage.start()
    study = "1.2.826.1"
    still = ultrasound([box(20, 30, 80, 110)], study, "1.2.3")
    clip = ultrasound([EMPTY, box(10, 10, 50, 60), box(10, 10, 60, 70), box(10, 10, 90, 130), EMPTY], study, "1.2.3")
    exam = stage.exam((*still, 1), (*clip, 5), study_instance_uid=study)
    await stage.complete(exam)
    (done,) = await stage.outcomes(exam.exam_id)

    assert done.investigational
    assert done.runs[0].frames == 6
    assert done.runs[0].outcome == "findings"
    by_image = {(f.anchor.sop_instance_uid, f.code.value): f for f in done.findings}
    assert by_image[still[0], "11984-2"].measurement.value == pytest.approx(2 * (80 + 60) * 0.5)
    assert by_image[clip[0], "11984-2"].anchor.first_frame == 3  # the median of the three frames that show a head
    assert by_image[clip[0], "11820-8"].measurement.method.startswith("outer to outer")

    document = stage.ingest.documents[done.sop_instance_uids[0]]
    report = highdicom.sr.srread(BytesIO(document))
    assert str(report.PatientName) == "Wang^Fang=王^芳"
    assert report.StudyInstanceUID == study
    groups = cast(Any, report.content).get_planar_roi_measurement_groups()
    assert {group.tracking_uid for group in groups} == {f.tracking_uid for f in done.findings}
    assert b"Investigational" in document

    latest = await stage.get_analysis(stage.reader, exam.exam_id)
    assert latest.completed == done
    listed = (await stage.get(stage.requester, f"analyses?exam_id={exam.exam_id}")).json()["items"]
    assert listed[0]["id"] == done.analysis_id
    assert (await stage.get(stage.reader, f"analyses/{done.analysis_id}")).json()["state"] == "completed"
    assert (await stage.get(stage.stranger, f"analyses/{done.analysis_id}")).status_code == 404
    assert (await stage.get(stage.stranger, f"analyses?exam_id={exam.exam_id}")).json()["items"] == []
    with pytest.raises(grpc.aio.AioRpcError, match="NOT_FOUND"):
        await stage.get_analysis(stage.stranger, exam.exam_id)
    models = (await stage.get(stage.requester, "models")).json()["items"]
    assert models[0]["permitted"][0]["mode"] == "trial"


async def test_the_same_event_again_has_no_second_effect(stage: Stage) -> None:
    await stage.agree(TRIAL)
    await stage.start()
    exam = stage.exam((*ultrasound([box(20, 30, 80, 110)], "1.2.9", "1.2.3"), 1), study_instance_uid="1.2.9")
    event = await stage.complete(exam)
    await stage.outcomes(exam.exam_id)
    await stage.resend("ingest.v1", event)
    await stage.complete(exam)  # another event of the same revision
    assert len(await stage.outcomes(exam.exam_id, settle=4)) == 1
    assert stage.ingest.calls == 1


async def test_an_exam_that_no_agreement_covers_is_skipped_by_name(stage: Stage) -> None:
    await stage.agree(TRIAL)
    await stage.start()
    exam = stage.exam((*ultrasound([box(20, 30, 80, 110)], "1.2.9", "1.2.3"), 1), crosses=False)
    await stage.complete(exam)
    (skipped,) = await stage.outcomes(exam.exam_id)
    assert skipped.rule == "no_agreement"
    assert "No agreement" in skipped.reason
    assert (await stage.get_analysis(stage.requester, exam.exam_id)).skipped == skipped


async def test_a_shadow_model_runs_and_is_never_shown(stage: Stage) -> None:
    await stage.agree(directory.ModelPermission(model="identity", mode=directory.GATE_MODE_SHADOW))
    await stage.start()
    exam = stage.exam((*ultrasound([box(20, 30, 80, 110)], "1.2.9", "1.2.3"), 1))
    await stage.complete(exam)
    (skipped,) = await stage.outcomes(exam.exam_id)
    assert skipped.rule == "shadow_only"
    assert stage.ingest.documents == {}
    found = stage.rows("SELECT result->'runs'->0->>'outcome' FROM inference.results")
    assert ("findings",) in found


async def test_an_instance_that_cannot_be_decoded_does_not_stop_the_others(stage: Stage) -> None:
    await stage.agree(TRIAL)
    await stage.start()
    good = ultrasound([box(20, 30, 80, 110)], "1.2.9", "1.2.3")
    uid, data = ultrasound([box(20, 30, 80, 110)], "1.2.9", "1.2.3")
    exam = stage.exam((*good, 1), (uid, data[: len(data) // 2], 1), study_instance_uid="1.2.9")
    await stage.complete(exam)
    (done,) = await stage.outcomes(exam.exam_id)
    assert {f.anchor.sop_instance_uid for f in done.findings} == {good[0]}


async def test_lengths_are_refused_without_calibration_and_the_exam_goes_on(stage: Stage) -> None:
    await stage.agree(TRIAL)
    await stage.start()
    exam = stage.exam((*ultrasound([box(20, 30, 80, 110)], "1.2.9", "1.2.3", spacing_mm=None), 1))
    await stage.complete(exam)
    (done,) = await stage.outcomes(exam.exam_id)
    assert list(done.findings) == []
    document = next(iter(stage.ingest.documents.values()))
    assert b"neither ultrasound regions nor a pixel spacing" in document
