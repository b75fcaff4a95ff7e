"""Events come in any order, more than once, and by mistake; each has its effect once."""

import itertools
from uuid import uuid4

import pytest
from sonobridge.ingest.v1 import events_pb2 as ingest

from services.shared.errors import Unavailable
from services.shared.kafka import Poison
from tests.integration.reporting.conftest import Service
from tests.integration.reporting.region import Region, event
from tests.integration.reporting.test_desk import later


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
async def test_any_order_leads_to_one_task_with_the_newest_revision(region: Region, order: tuple[int, ...]) -> None:
    exam = await region.exam()
    amended = later(exam, 2)
    amended.study_description = "second"
    told = [region.completed(exam), region.amended(amended, "1.2.3"), region.analysed(amended, revision=2)]
    for position in order:
        await region.handle(told[position])
        await region.handle(told[position])
    (line,) = await region.listed(exam)
    assert (line["study_description"], line["ai"], line["state"]) == ("second", "completed", "unassigned")
    report = await region.claimed(exam)
    assert [one["state"] for one in report["findings"]] == ["proposed", "proposed"]


@pytest.mark.parametrize("outcome", ["skipped", "failed"])
async def test_an_exam_without_ai_reaches_the_expert_all_the_same(region: Region, outcome: str) -> None:
    exam = await region.exam()
    await region.handle(region.not_analysed(exam, outcome))
    await region.handle(region.completed(exam))
    assert (await region.waiting(exam))["ai"] == outcome
    report = await region.claimed(exam)
    await region.call("PUT", f"reports/{report['id']}/draft", body={"impression": "未见异常。"})
    assert (await region.call("POST", f"reports/{report['id']}/sign", body={"attestation": True})).is_success


async def test_an_older_analysis_does_not_replace_a_newer_one(region: Region) -> None:
    exam = await region.exam(revision=2)
    await region.handle(region.completed(exam))
    await region.handle(region.analysed(exam, head_mm=270.0, revision=2))
    await region.handle(region.analysed(exam, head_mm=250.0, revision=1))
    report = await region.claimed(exam)
    assert report["findings"][0]["value"] == 270.0


async def test_an_exam_that_does_not_cross_has_no_task_until_it_does(region: Region) -> None:
    exam = await region.exam(coverage=ingest.COVERAGE_NO_CONSENT)
    await region.handle(region.completed(exam))
    assert await region.listed(exam) == []
    consented = later(exam, 2)
    consented.coverage = ingest.COVERAGE_CROSSES
    await region.handle(region.amended(consented))
    assert (await region.waiting(exam))["state"] == "unassigned"


async def test_consent_withdrawn_takes_the_exam_from_its_reader(region: Region) -> None:
    exam = await region.exam()
    await region.handle(region.completed(exam))
    report = await region.claimed(exam)
    withdrawn = later(exam, 2)
    withdrawn.coverage = ingest.COVERAGE_NO_CONSENT
    await region.handle(region.amended(withdrawn))
    assert await region.listed(exam) == []
    assert (await region.call("GET", f"reports/{report['id']}")).status_code == 404
    assert (await region.call("POST", f"tasks/{report['task_id']}/claim")).status_code == 404


async def test_an_agreement_that_is_not_known_yet_is_waited_for(region: Region) -> None:
    exam = await region.exam()
    exam.crossing.agreement_version = 7
    told = region.completed(exam)
    with pytest.raises(Unavailable):
        await region.handle(told)
    await region.agree(7)
    await region.handle(told)
    assert (await region.waiting(exam))["state"] == "unassigned"


async def test_an_event_that_can_never_succeed_is_poison(region: Region) -> None:
    exam = await region.exam()
    wrong_owner = event("exam.completed", exam.exam_id, uuid4(), ingest.ExamCompleted(exam=exam))
    with pytest.raises(Poison):
        await region.handle(wrong_owner)
    unreadable = await region.exam()
    unreadable.exam_id = "no uuid"
    with pytest.raises(Poison):
        await region.handle(region.completed(unreadable))


async def test_an_exam_of_one_hospital_cannot_be_taken_over_by_events_of_another(
    region: Region, service: Service
) -> None:
    exam = await region.exam()
    await region.handle(region.completed(exam))
    stolen = ingest.Exam()
    stolen.CopyFrom(exam)
    stolen.organisation_id = str(region.foreign.id)
    with pytest.raises(Poison):
        await region.handle(event("exam.amended", exam.exam_id, region.foreign.id, ingest.ExamAmended(exam=stolen)))
    assert (await region.waiting(exam))["organisation_id"] == str(region.clinic.id)
