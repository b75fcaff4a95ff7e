"""An exam's way in: stored, completed, amended, told of."""

import asyncio

import pytest

from tests.integration.ingest import samples
from tests.integration.ingest.stage import Stage

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_an_exam_stored_by_stow_and_completed_is_told_once(stage: Stage) -> None:
    study = samples.uid()
    files = [samples.image(study, InstanceNumber=number, ManufacturerModelName="Voluson E10") for number in (1, 2)]
    answer = await stage.stow(*files)
    assert answer.status_code == 200, answer.text
    assert len(answer.json()["00081199"]["Value"]) == 2
    exam = await stage.exam(study)
    assert (exam["state"], exam["instances"], exam["coverage"]) == ("receiving", 2, "crosses")
    done = await stage.call("POST", f"/api/ingest/v1/exams/{exam['id']}/complete", json={"priority": "URGENT"})
    assert done.json()["state"] == "completed"
    again = await stage.call("POST", f"/api/ingest/v1/exams/{exam['id']}/complete")
    assert (again.json()["state"], again.json()["revision"]) == ("completed", 1)
    ((kind, body, traceparent),) = await stage.events(exam["id"], 1)
    assert (kind, body.exam.crossing.reader_id) == ("exam.completed", str(stage.ids["reader"]))
    assert (body.exam.priority, len(body.exam.instances)) == ("URGENT", 2)
    assert {one.scanner for one in body.exam.instances} == {"Voluson E10"}
    assert traceparent.split("-")[1] == exam["trace_id"] == answer.headers["x-trace-id"]
    stored = (stage.folder / "objects" / body.exam.instances[0].object_key).read_bytes()
    assert stored in files
    assert body.exam.instances[0].object_key.startswith(str(stage.ids["clinic"]))


async def test_an_instance_after_completion_amends_the_exam_once(stage: Stage) -> None:
    study = samples.uid()
    await stage.stow(samples.image(study))
    exam = await stage.exam(study)
    await stage.call("POST", f"/api/ingest/v1/exams/{exam['id']}/complete")
    late = [samples.dataset(study, InstanceNumber=number) for number in (2, 3)]
    await stage.stow(*(samples.file_bytes(one) for one in late))
    (_, (kind, body, _)) = await stage.events(exam["id"], 2)
    assert (kind, body.exam.revision, len(body.exam.instances)) == ("exam.amended", 2, 3)
    assert sorted(body.added_sop_instance_uids) == sorted(one.SOPInstanceUID for one in late)
    assert (await stage.exam(study))["state"] == "amended"


async def test_the_same_instance_again_is_a_success_that_changes_nothing(stage: Stage) -> None:
    study = samples.uid()
    found = samples.dataset(study)
    first = await stage.stow(samples.file_bytes(found))
    found.file_meta.ImplementationVersionName = "ANOTHER"
    before = len(stage.objects())
    again = await stage.stow(samples.file_bytes(found))
    assert (first.status_code, again.status_code) == (200, 200)
    assert (await stage.exam(study))["instances"] == 1
    assert len(stage.objects()) == before


async def test_the_same_uid_with_another_dataset_is_refused_and_named(stage: Stage) -> None:
    study = samples.uid()
    found = samples.dataset(study)
    await stage.stow(samples.file_bytes(found))
    found.PatientID = "P-2"
    answer = await stage.stow(samples.file_bytes(found))
    assert answer.status_code == 409
    (item,) = answer.json()["00081198"]["Value"]
    assert item["00081155"]["Value"] == [found.SOPInstanceUID]
    assert item["00081197"]["Value"] == [0x0111]
    refused = (await stage.get("/api/ingest/v1/refusals")).json()["items"][0]
    assert (refused["reason"], refused["sop_instance_uid"]) == ("uid_with_another_dataset", found.SOPInstanceUID)


async def test_the_same_uids_in_two_hospitals_are_two_studies(stage: Stage) -> None:
    study = samples.uid()
    found = samples.dataset(study)
    await stage.stow(samples.file_bytes(found))
    found.PatientID = "ELSEWHERE"
    other = await stage.stow(samples.file_bytes(found), name="other")
    assert other.status_code == 200
    ours, theirs = await stage.exam(study), await stage.exam(study, "other")
    assert ours["id"] != theirs["id"]
    assert (ours["patient"]["id"], theirs["patient"]["id"]) == ("P-1", "ELSEWHERE")


async def test_many_instances_of_one_exam_at_once_all_arrive(stage: Stage) -> None:
    study = samples.uid()
    files = [samples.image(study, InstanceNumber=number) for number in range(60)]
    answers = await asyncio.gather(*(stage.stow(*files[at : at + 5]) for at in range(0, 60, 5)))
    assert {answer.status_code for answer in answers} == {200}
    exam = await stage.exam(study)
    assert (exam["instances"], exam["frames"]) == (60, 60)


async def test_a_request_of_good_and_bad_parts_stores_the_good_ones(stage: Stage) -> None:
    study = samples.uid()
    cut = samples.dataset(study)
    answer = await stage.stow(samples.image(study), samples.file_bytes(cut)[:-20], b"hello")
    assert answer.status_code == 202
    body = answer.json()
    assert len(body["00081199"]["Value"]) == 1
    (named,), (unnamed,) = body["00081198"]["Value"], body["0008119A"]["Value"]
    assert "ends at byte" in named["00000902"]["Value"][0]
    assert (named["00081150"]["Value"], named["00081155"]["Value"]) == ([cut.SOPClassUID], [cut.SOPInstanceUID])
    assert "DICM" in unnamed["00000902"]["Value"][0]
    refused = (await stage.get("/api/ingest/v1/refusals")).json()["items"][:2]
    assert {(item["reason"], item["sop_instance_uid"], item["study_instance_uid"]) for item in refused} == {
        ("not_dicom", "", ""),
        ("truncated", cut.SOPInstanceUID, study),
    }


async def test_an_instance_of_another_study_than_the_address_is_refused(stage: Stage) -> None:
    answer = await stage.stow(samples.image(samples.uid()), study=samples.uid())
    assert answer.status_code == 409
    assert answer.json()["00081198"]["Value"][0]["00081197"]["Value"] == [0xA900]


async def test_answers_come_as_xml_when_asked(stage: Stage) -> None:
    study = samples.uid()
    answer = await stage.stow(samples.image(study), Accept="application/dicom+xml")
    assert answer.headers["content-type"].startswith("application/dicom+xml")
    assert 'keyword="ReferencedSOPSequence"' in answer.text


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("application/json", b"{}", 415),
        ("application/dicom", b"", 400),
        ('multipart/related; type="application/dicom+json"; boundary=b', b"--b--", 415),
        ('multipart/related; type="application/dicom"', b"--b--", 400),
        ('multipart/related; type="application/dicom"; boundary=b', b"--c\r\n\r\nx\r\n--c--", 400),
        ('multipart/related; type="application/dicom"; boundary=b', b"--b\r\n\r\nDICOM and then noth", 400),
        ("multipart/related; type=application/dicom; boundary=b", b"--b--", 400),
        ("multipart/related; type=application/dicom; boundary=b", b"--b\r\n\r\nnothing\r\n--b--", 409),
    ],
)
async def test_a_wrong_request_gets_a_clear_answer(stage: Stage, content_type: str, body: bytes, status: int) -> None:
    answer = await stage.call("POST", "/dicomweb/studies", content=body, headers={"Content-Type": content_type})
    assert answer.status_code == status, answer.text


async def test_an_answer_that_cannot_be_given_is_not_acceptable(stage: Stage) -> None:
    answer = await stage.stow(samples.image(samples.uid()), Accept="text/html")
    assert answer.status_code == 406


async def test_a_body_in_a_coding_that_is_not_read_is_an_unsupported_type(stage: Stage) -> None:
    study = samples.uid()
    answer = await stage.stow(samples.image(study), **{"Content-Encoding": "gzip"})
    assert (answer.status_code, "gzip" in answer.json()["detail"]) == (415, True)
    assert (await stage.get(f"/dicomweb/studies/{study}")).status_code == 404


async def test_nobody_stores_without_the_role_or_the_token(stage: Stage) -> None:
    body, content_type = samples.stow_body(samples.image(samples.uid()))
    headers = {"Content-Type": content_type}
    expert = await stage.call("POST", "/dicomweb/studies", role="expert", content=body, headers=headers)
    assert expert.status_code == 403
    headers["Authorization"] = f"Bearer {stage.issuer.forged_token('clinic_staff', stage.aliases['clinic'])}"
    forged = await stage.call("POST", "/dicomweb/studies", content=body, headers=headers)
    assert forged.status_code == 401


async def test_what_the_clinic_says_of_an_exam_is_understood_or_refused(stage: Stage) -> None:
    study = samples.uid()
    await stage.stow(samples.image(study))
    path = f"/api/ingest/v1/exams/{(await stage.exam(study))['id']}"
    misspelt = await stage.call("POST", f"{path}/complete", json={"priorty": "STAT"})
    assert (misspelt.status_code, "priorty" in misspelt.json()["detail"]) == (422, True)
    cut = await stage.call(
        "PUT", f"{path}/consent", content=b'{"remote_reading": tr', headers={"Content-Type": "application/json"}
    )
    assert cut.status_code == 400
    assert (await stage.exam(study))["state"] == "receiving"
    assert (await stage.get("/api/ingest/v1/exams/nothing")).status_code == 404


async def test_an_instance_that_is_too_large_is_a_413_and_beside_others_named_as_failed(unstarted: Stage) -> None:
    stage = unstarted
    stage.variables["SONOBRIDGE_MAX_INSTANCE_BYTES"] = "100000"
    await stage.start()
    await stage.found()
    study = samples.uid()
    large = samples.dataset(study, Rows=400, Columns=400)
    large.PixelData = bytes(400 * 400)
    alone = await stage.stow(samples.file_bytes(large))
    (failed,) = alone.json()["00081198"]["Value"]
    assert (alone.status_code, failed["00081197"]["Value"]) == (413, [0xA700])
    assert failed["00081155"]["Value"] == [large.SOPInstanceUID]
    mixed = await stage.stow(samples.file_bytes(large), samples.image(study))
    assert (mixed.status_code, len(mixed.json()["00081199"]["Value"])) == (202, 1)
    refused = (await stage.get("/api/ingest/v1/refusals")).json()["items"]
    assert [one["reason"] for one in refused] == ["too_large", "too_large"]
