"""An exam's way in: stored, completed, told of."""

from tests.integration.ingest import samples
from tests.integration.ingest.stage import Stage


async def test_an_exam_stored_by_stow_and_completed_is_told_once(stage: Stage) -> None:
    agreement = await stage.agree()
    study = samples.uid()
    files = [samples.image(study, InstanceNumber=number) for number in (1, 2)]
    answer = await stage.stow(*files)
    assert answer.status_code == 200, answer.text
    assert len(answer.json()["00081199"]["Value"]) == 2
    exam = await stage.exam(study)
    assert (exam["state"], exam["instances"], exam["coverage"]) == ("receiving", 2, "crosses")
    done = await stage.call("POST", f"/api/ingest/v1/exams/{exam['id']}/complete", json={"priority": "URGENT"})
    assert done.json()["state"] == "completed"
    again = await stage.call("POST", f"/api/ingest/v1/exams/{exam['id']}/complete")
    assert (again.json()["state"], again.json()["revision"]) == ("completed", 1)
    ((kind, body, _),) = await stage.events(exam["id"], 1)
    assert (kind, body.exam.crossing.agreement_id) == ("exam.completed", str(agreement))
    assert (body.exam.priority, len(body.exam.instances)) == ("URGENT", 2)
    stored = (stage.folder / "objects" / body.exam.instances[0].object_key).read_bytes()
    assert stored in files


async def test_the_stored_exam_is_found_and_given_back_untouched(stage: Stage) -> None:
    study = samples.uid()
    file = samples.image(study, frames=3)
    await stage.stow(file)
    (found,) = (await stage.get(f"/dicomweb/studies?StudyInstanceUID={study}&PatientName=wang*")).json()
    assert found["00100010"]["Value"][0]["Alphabetic"] == "Wang^Fang"
    (instance,) = (await stage.get(f"/dicomweb/studies/{study}/instances")).json()
    url = instance["00081190"]["Value"][0].replace("http://127.0.0.1:8080", "")
    given = await stage.get(url, headers={"Accept": "application/dicom"})
    assert given.content == file
