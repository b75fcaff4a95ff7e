"""What crosses to a reader, and what does not."""

import pytest
from sonobridge.reporting.v1 import events_pb2 as reporting

from services.shared.kafka import held
from tests.integration.ingest import samples
from tests.integration.ingest.stage import Stage

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def _completed(stage: Stage, name: str = "clinic", study: str = "") -> tuple[str, str]:
    study = study or samples.uid()
    await stage.stow(samples.image(study, frames=2), name=name)
    exam = await stage.exam(study, name)
    await stage.call("POST", f"/api/ingest/v1/exams/{exam['id']}/complete", name)
    return study, exam["id"]


async def test_the_reader_sees_a_complete_exam_that_crosses_and_the_stranger_nothing(stage: Stage) -> None:
    study, exam_id = await _completed(stage)
    (series,) = (await stage.get(f"/dicomweb/studies/{study}/series", "reader", "expert")).json()
    series_uid = series["0020000E"]["Value"][0]
    (instance,) = (await stage.get(f"/dicomweb/studies/{study}/instances", "reader", "expert")).json()
    root = f"/dicomweb/studies/{study}"
    one = f"{root}/series/{series_uid}/instances/{instance['00080018']['Value'][0]}"
    paths = [
        root, f"{root}/metadata", f"{root}/series/{series_uid}", f"{root}/series/{series_uid}/metadata", one, f"{one}/metadata",
        f"{one}/frames/1", f"{one}/frames/1,2", f"{one}/rendered", f"{one}/frames/2/rendered", f"{one}/thumbnail",
        f"{root}/thumbnail", f"{root}/series/{series_uid}/thumbnail", f"{one}/bulkdata/7FE00010", f"/api/ingest/v1/exams/{exam_id}",
    ]  # fmt: skip
    for path in paths:
        assert (await stage.get(path)).status_code == 200, path
        assert (await stage.get(path, "reader", "expert")).status_code == 200, path
        assert (await stage.get(path, "stranger", "expert")).status_code == 404, path
    for path in ("studies", "series", "instances"):
        found = await stage.get(f"/dicomweb/{path}?StudyInstanceUID={study}", "stranger", "expert")
        assert found.json() == []
    assert (await stage.get(f"/api/ingest/v1/exams?study_instance_uid={study}", "stranger")).json()["items"] == []
    for name in ("reader", "stranger"):
        done = await stage.call("POST", f"/api/ingest/v1/exams/{exam_id}/complete", name)
        assert done.status_code == 404
        consent = {"remote_reading": False}
        denied = await stage.call("PUT", f"/api/ingest/v1/exams/{exam_id}/consent", name, json=consent)
        assert denied.status_code == 404


async def test_what_is_still_arriving_is_not_yet_the_readers(stage: Stage) -> None:
    study = samples.uid()
    await stage.stow(samples.image(study))
    assert (await stage.get(f"/dicomweb/studies/{study}", "reader", "expert")).status_code == 404


async def test_a_consent_before_completion_already_shows(stage: Stage) -> None:
    study = samples.uid()
    await stage.stow(samples.image(study))
    exam = await stage.exam(study)
    denied = await stage.call(
        "PUT", f"/api/ingest/v1/exams/{exam['id']}/consent", json={"remote_reading": False, "trial": False}
    )
    assert (denied.json()["coverage"], denied.json()["state"]) == ("no_consent", "receiving")
    await stage.call("POST", f"/api/ingest/v1/exams/{exam['id']}/complete")
    ((_, body, _),) = await stage.events(exam["id"], 1)
    assert (body.exam.coverage, body.exam.HasField("crossing")) == (3, False)


async def test_an_unknown_hospital_is_as_one_that_shows_nothing(stage: Stage) -> None:
    study, _ = await _completed(stage)
    for alias in ("nobody", stage.aliases["clinic"]):
        found = await stage.get(f"/dicomweb/studies?organisation={alias}", "stranger", "expert")
        assert (found.status_code, found.json()) == (200, [])
        details = {(await stage.get(f"/dicomweb/studies/{study}?organisation={alias}", "stranger")).json()["detail"]}
    assert details == {"there is no such study"}


async def test_without_an_agreement_nothing_crosses_until_one_comes(stage: Stage) -> None:
    study, exam_id = await _completed(stage, "other")
    exam = await stage.exam(study, "other")
    assert (exam["coverage"], exam["missing"]) == ("no_agreement", ["agreement"])
    assert (await stage.get(f"/dicomweb/studies/{study}", "reader", "expert")).status_code == 404
    await stage.agree("other", consent=False)
    (_, (kind, body, _)) = await stage.events(exam_id, 2)
    assert (kind, body.exam.coverage) == ("exam.amended", 3)
    assert (await stage.exam(study, "other"))["missing"] == ["consent"]
    consent = {"remote_reading": True, "trial": True}
    given = await stage.call("PUT", f"/api/ingest/v1/exams/{exam_id}/consent", "other", json=consent)
    assert given.json()["coverage"] == "crosses"
    (*_, (kind, body, _)) = await stage.events(exam_id, 3)
    assert (kind, body.exam.consent_recorded, body.exam.trial_consent) == ("exam.amended", True, True)
    assert (await stage.get(f"/dicomweb/studies/{study}", "reader", "expert")).status_code == 200
    withdrawn = await stage.call(
        "PUT", f"/api/ingest/v1/exams/{exam_id}/consent", "other", json={"remote_reading": False}
    )
    assert withdrawn.json()["coverage"] == "no_consent"
    assert (await stage.get(f"/dicomweb/studies/{study}", "reader", "expert")).status_code == 404


async def test_a_reader_of_the_same_study_of_two_hospitals_says_which(stage: Stage) -> None:
    study = samples.uid()
    found = samples.dataset(study)
    for name in ("clinic", "other"):
        found.PatientID = name
        await stage.stow(samples.file_bytes(found), name=name)
        exam = await stage.exam(study, name)
        await stage.call("POST", f"/api/ingest/v1/exams/{exam['id']}/complete", name)
        await stage.call("PUT", f"/api/ingest/v1/exams/{exam['id']}/consent", name, json={"remote_reading": True})
    path = f"/dicomweb/studies/{study}/metadata"
    unsaid = await stage.get(path, "reader", "expert")
    assert unsaid.status_code == 409
    assert unsaid.json()["organisations"] == sorted([stage.aliases["clinic"], stage.aliases["other"]])
    said = await stage.get(f"{path}?organisation={stage.aliases['other']}", "reader", "expert")
    assert said.json()[0]["00100020"]["Value"] == ["other"]
    assert len((await stage.get(f"/dicomweb/studies?StudyInstanceUID={study}", "reader", "expert")).json()) == 2
    stranger = await stage.get(f"{path}?organisation={stage.aliases['other']}", "stranger", "expert")
    assert stranger.status_code == 404


async def test_the_clinic_sees_that_its_report_is_signed_and_then_amended(stage: Stage) -> None:
    study, exam_id = await _completed(stage)
    for version, state in ((1, "signed"), (2, "amended")):
        await _signed(stage, exam_id, version)
        await _until_report(stage, study, state)
    await _signed(stage, exam_id, 1)  # late: it has been overtaken
    await _signed(stage, exam_id, 1, owner="stranger")
    await _until_put_aside(stage, exam_id)  # events of one exam come in order: the one before has been heard
    assert (await stage.exam(study))["report_state"] == "amended"


async def test_a_report_that_another_hospital_claims_is_put_aside_and_the_exam_stays_as_it_is(stage: Stage) -> None:
    study, exam_id = await _completed(stage)
    await _signed(stage, exam_id, 1, owner="stranger")
    await _until_put_aside(stage, exam_id)
    assert (await stage.exam(study))["report_state"] == "none"


async def _signed(stage: Stage, exam_id: str, version: int, owner: str = "clinic") -> None:
    """Reporting tells that a version of the exam's report is signed."""
    body = reporting.ReportSigned(exam_id=exam_id, organisation_id=str(stage.ids[owner]), version=version)
    await stage.send("reporting.v1", "report.signed", exam_id, stage.ids[owner], body)


async def _until_report(stage: Stage, study: str, state: str) -> None:
    rows = f"SELECT report_state FROM ingest.exams WHERE study_instance_uid = '{study}'"
    await stage.until(lambda: stage.rows(rows) == [(state,)])
    assert (await stage.exam(study))["report_state"] == state


async def _until_put_aside(stage: Stage, exam_id: str) -> None:
    topic = stage.topics.name("reporting.v1.dlq")
    await stage.until(lambda: exam_id.encode() in {one.key for one in held(stage.topics.bootstrap, [topic])})
