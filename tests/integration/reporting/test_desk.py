"""Claim, lease, draft, offers, double reading, attestation, addenda: what an expert may do, and when."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from sonobridge.directory.v1 import directory_pb2 as directory
from sonobridge.ingest.v1 import events_pb2 as ingest

from services.reporting.model.lease import LEASE
from tests.integration.reporting.conftest import Service
from tests.integration.reporting.region import Region, draft_body

ATTESTED = {"attestation": True}


@pytest.fixture
async def exam(region: Region) -> ingest.Exam:
    """An exam with findings that waits in the worklist."""
    made = await region.exam()
    await region.handle(region.completed(made))
    await region.handle(region.analysed(made))
    return made


def later(exam: ingest.Exam, revision: int) -> ingest.Exam:
    """The exam as a later revision tells of it."""
    changed = ingest.Exam()
    changed.CopyFrom(exam)
    changed.revision = revision
    return changed


async def test_a_claim_keeps_others_out_until_its_lease_ends(region: Region, exam: ingest.Exam) -> None:
    report = await region.claimed(exam)
    again = await region.call("POST", f"tasks/{report['task_id']}/claim")
    assert (again.status_code, again.json()["claimed_by"]["display_name"]) == (200, "expert 医师")
    refused = await region.call("POST", f"tasks/{report['task_id']}/claim", "second")
    assert (refused.status_code, refused.json()["claimed_by"]) == (409, "expert 医师")

    region.clock.forward(LEASE)
    assert (await region.waiting(exam))["state"] == "unassigned"
    taken_over = await region.call("POST", f"tasks/{report['task_id']}/claim", "second")
    assert taken_over.json()["claimed_by"]["display_name"] == "second 医师"
    too_late = await region.call("PUT", f"reports/{report['id']}/draft", body=draft_body(report))
    assert too_late.status_code == 409


async def test_working_prolongs_the_lease_and_releasing_ends_it(region: Region, exam: ingest.Exam) -> None:
    report = await region.claimed(exam)
    region.clock.forward(LEASE - timedelta(minutes=1))
    await region.drafted(report)
    region.clock.forward(LEASE - timedelta(minutes=1))
    assert (await region.call("POST", f"tasks/{report['task_id']}/renew")).status_code == 200
    line = (await region.call("POST", f"tasks/{report['task_id']}/release")).json()
    assert (line["state"], line["claimed_by"]) == ("drafting", None)
    kept = await region.claimed(exam, "second")
    assert kept["impression"] == "头围符合孕周。"
    assert [one["state"] for one in kept["findings"]] == ["accepted", "corrected"]


async def test_two_experts_who_claim_at_once_do_not_both_get_it(region: Region, exam: ingest.Exam) -> None:
    task = (await region.waiting(exam))["id"]
    answers = await asyncio.gather(*(region.call("POST", f"tasks/{task}/claim", who) for who in ("expert", "second")))
    assert sorted(one.status_code for one in answers) == [200, 409]


async def test_the_due_time_counts_from_completion_by_priority_and_overdue_shows(region: Region) -> None:
    routine, urgent = await region.exam(), await region.exam(priority="STAT")
    began = region.clock.now()
    for one in (routine, urgent):
        await region.handle(region.completed(one))
    line = await region.waiting(urgent)
    assert datetime.fromisoformat(line["due_at"]) == began + timedelta(minutes=30)
    assert datetime.fromisoformat((await region.waiting(routine))["due_at"]) == began + timedelta(hours=4)
    assert not line["overdue"]
    region.clock.forward(timedelta(minutes=31))
    assert (await region.waiting(urgent))["overdue"]
    assert not (await region.waiting(routine))["overdue"]


async def test_the_draft_is_kept_from_lost_updates_by_its_etag(region: Region, exam: ingest.Exam) -> None:
    report = await region.claimed(exam)
    path = f"reports/{report['id']}/draft"
    first = await region.call("PUT", path, body=draft_body(report), **{"If-Match": report["etag"]})
    assert first.status_code == 200
    stale = await region.call("PUT", path, body=draft_body(report), **{"If-Match": report["etag"]})
    assert stale.status_code == 412
    assert (await region.call("PUT", path, body=draft_body(report), **{"If-Match": first.headers["etag"]})).is_success


async def test_text_from_a_word_processor_keeps_its_lines_and_loses_what_no_document_can_hold(
    region: Region, exam: ingest.Exam
) -> None:
    report = await region.claimed(exam)
    pasted = draft_body(report, description="一\r\n二\v三\u2028四\x01\x07\t五", impression="\x00无")
    answer = await region.call("PUT", f"reports/{report['id']}/draft", body=pasted)
    assert (answer.status_code, answer.json()["description"]) == (200, "一\n二\n三\n四\t五")
    assert answer.json()["impression"] == "无"


async def test_signing_needs_attestation_text_decisions_and_a_claim(region: Region, exam: ingest.Exam) -> None:
    line = await region.waiting(exam)
    path = f"reports/{line['report_id']}/sign"
    assert (await region.call("POST", path, body=ATTESTED)).status_code == 409, "nobody took it"
    report = await region.claimed(exam)
    assert (await region.call("POST", path, body={"attestation": False})).status_code == 422
    undecided = await region.call("POST", path, body=ATTESTED)
    assert undecided.status_code == 409
    assert [one["code"] for one in undecided.json()["undecided"]] == ["11984-2", "11820-8"]
    await region.call("PUT", f"reports/{report['id']}/draft", body=draft_body(report, impression=" "))
    assert (await region.call("POST", path, body=ATTESTED)).status_code == 422
    await region.drafted(report)
    assert (await region.call("POST", path, "second", ATTESTED)).status_code == 409, "another holds it"
    assert (await region.call("POST", path, body=ATTESTED)).status_code == 200


async def test_signing_again_changes_nothing_and_a_signed_report_takes_no_draft(
    region: Region, exam: ingest.Exam, service: Service
) -> None:
    signed = await region.signed(exam)
    again = await region.call("POST", f"reports/{signed['id']}/sign", body=ATTESTED)
    assert (again.status_code, again.json()["version"]) == (200, 1)
    assert (await region.call("POST", f"reports/{signed['id']}/sign", "second", ATTESTED)).status_code == 409
    assert (await region.call("PUT", f"reports/{signed['id']}/draft", body=draft_body(signed))).status_code == 409
    assert (await region.call("POST", f"tasks/{signed['task_id']}/claim")).status_code == 409
    told = [row for row in await service.outbox() if row["key"] == exam.exam_id]
    assert len(told) == 1


async def test_two_signatures_at_once_make_one_report(region: Region, exam: ingest.Exam, service: Service) -> None:
    report = await region.drafted(await region.claimed(exam))
    path = f"reports/{report['id']}/sign"
    answers = await asyncio.gather(*(region.call("POST", path, body=ATTESTED) for _ in range(3)))
    assert {one.status_code for one in answers} == {200}
    assert {one.json()["version"] for one in answers} == {1}
    told = [row for row in await service.outbox() if row["key"] == exam.exam_id]
    assert len(told) == 1


async def test_double_reading_needs_a_second_other_expert(region: Region, service: Service) -> None:
    await region.agree(2, directory.READING_DOUBLE)
    exam = await region.exam()
    exam.crossing.agreement_version = 2
    await region.handle(region.completed(exam))
    report = await region.drafted(await region.claimed(exam))
    path = f"reports/{report['id']}/sign"
    first = (await region.call("POST", path, body=ATTESTED)).json()
    assert (first["state"], first["version"], first["first_signed"]["display_name"]) == (
        "awaiting_second",
        0,
        "expert 医师",
    )
    assert not [row for row in await service.outbox() if row["key"] == exam.exam_id]
    for again in (f"tasks/{report['task_id']}/claim", path):
        refused = await region.call("POST", again, body=ATTESTED if again == path else None)
        assert (refused.status_code, refused.json()["type"]) == (409, "urn:sonobridge:SameReaderTwice"), again
    assert (await region.call("GET", f"reports/{report['id']}", "nurse")).status_code == 404

    waiting = (await region.call("GET", "worklist", "second")).json()["items"]
    assert [one["first_signed"]["display_name"] for one in waiting if one["exam_id"] == exam.exam_id] == ["expert 医师"]
    await region.claimed(exam, "second")
    changed = {"findings": [], "impression": "建议复查。"}
    draft = (await region.call("PUT", f"reports/{report['id']}/draft", "second", changed)).json()
    assert (draft["impression"], draft["first_reading"]["impression"]) == ("建议复查。", report["impression"])
    assert [one["state"] for one in draft["first_reading"]["findings"]] == [one["state"] for one in report["findings"]]
    second = (await region.call("POST", path, "second", ATTESTED)).json()
    assert (second["state"], second["version"], second["impression"]) == ("signed", 1, "建议复查。")
    fhir = (await region.call("GET", f"/fhir/R4/DiagnosticReport/{report['id']}", "nurse")).json()
    assert len(fhir["resultsInterpreter"]) == 2


async def test_an_analysis_that_comes_after_the_expert_began_is_offered(region: Region) -> None:
    exam = await region.exam()
    await region.handle(region.completed(exam))
    report = await region.claimed(exam)
    written = (await region.call("PUT", f"reports/{report['id']}/draft", body={"impression": "未见异常。"})).json()
    await region.handle(region.analysed(exam))

    offered = (await region.call("GET", f"reports/{report['id']}")).json()
    assert (offered["findings"], len(offered["offered"]), offered["impression"]) == ([], 2, "未见异常。")
    assert offered["etag"] != written["etag"]
    accepted = (await region.call("POST", f"reports/{report['id']}/offer/accept")).json()
    assert [one["state"] for one in accepted["findings"]] == ["proposed", "proposed"]
    assert (accepted["is_offered"], accepted["impression"]) == (False, "未见异常。")
    assert (await region.call("POST", f"reports/{report['id']}/offer/dismiss")).status_code == 409


async def test_an_offer_can_be_left_and_the_report_signed_without_it(region: Region) -> None:
    exam = await region.exam()
    await region.handle(region.completed(exam))
    report = await region.claimed(exam)
    await region.handle(region.analysed(exam))
    await region.call("POST", f"reports/{report['id']}/offer/dismiss")
    await region.call("PUT", f"reports/{report['id']}/draft", body={"impression": "未见异常。"})
    signed = await region.call("POST", f"reports/{report['id']}/sign", body=ATTESTED)
    assert (signed.status_code, signed.json()["findings"]) == (200, [])


async def test_images_after_the_signature_ask_for_an_addendum_of_the_same_report(
    region: Region, exam: ingest.Exam, service: Service
) -> None:
    signed = await region.signed(exam)
    amended = later(exam, 2)
    await region.handle(region.amended(amended, "1.2.3.9"))
    await region.handle(region.analysed(amended, head_mm=268.0, revision=2))
    line = await region.waiting(exam)
    assert (line["state"], line["new_images"], line["ai"]) == ("signed", True, "completed")
    report = (await region.call("GET", f"reports/{signed['id']}")).json()
    assert len(report["offered"]) == 2

    body = draft_body({"findings": report["offered"]}, impression="补充：头围 268 mm。") | ATTESTED
    added = await region.call("POST", f"reports/{signed['id']}/addenda", body=body)

    assert added.status_code == 200, added.text
    found = added.json()
    assert (found["state"], found["version"], found["new_images"]) == ("amended", 2, False)
    assert [one["kind"] for one in found["versions"]] == ["report", "addendum"]
    assert [one["value"] for one in found["findings"]] == [268.0, 73.2], "the later analysis replaces the earlier one"
    assert await region.listed(exam) == []
    first = await region.call("GET", f"reports/{signed['id']}.pdf?version=1", "nurse")
    second = await region.call("GET", f"reports/{signed['id']}.pdf?version=2", "nurse")
    assert first.content != second.content
    assert first.headers["content-disposition"] == f'inline; filename="report-{signed["id"]}-v1.pdf"'
    again = await region.call("POST", f"reports/{signed['id']}/addenda", body=body)
    assert again.json()["version"] == 2, "the same addendum again changes nothing"
    told = [row for row in await service.outbox() if row["key"] == exam.exam_id]
    assert len(told) == 2


async def test_an_addendum_to_what_is_not_signed_is_refused(region: Region, exam: ingest.Exam) -> None:
    report = await region.claimed(exam)
    body = {"impression": "补充。"} | ATTESTED
    assert (await region.call("POST", f"reports/{report['id']}/addenda", body=body)).status_code == 409


async def test_a_critical_result_is_flagged_everywhere(region: Region, exam: ingest.Exam) -> None:
    report = await region.claimed(exam)
    await region.call("PUT", f"reports/{report['id']}/draft", body=draft_body(report, critical=True))
    signed = (await region.call("POST", f"reports/{report['id']}/sign", body=ATTESTED)).json()
    assert signed["critical"]
    (listed,) = (await region.call("GET", f"reports?exam_id={exam.exam_id}", "nurse")).json()["items"]
    assert listed["critical"]


async def test_the_worklist_is_paged_and_filtered(region: Region) -> None:
    exams = [await region.exam() for _ in range(55)]
    for one in exams:
        await region.handle(region.completed(one))
    found: list[Any] = []
    cursor = ""
    while True:
        page = (await region.call("GET", f"worklist?{cursor}")).json()
        found += page["items"]
        if page["next"] is None:
            break
        cursor = f"cursor={page['next']}"
    assert len(found) == len({one["id"] for one in found}) == 55
    assert [one["due_at"] for one in found] == sorted(one["due_at"] for one in found)
    await region.claimed(exams[0])
    assert [one["exam_id"] for one in (await region.call("GET", "worklist?mine=true")).json()["items"]] == [
        exams[0].exam_id
    ]
    assert len((await region.call("GET", "worklist?state=claimed")).json()["items"]) == 1
    assert (await region.call("GET", "worklist?cursor=nonsense")).status_code == 400
    assert (await region.call("GET", "worklist?state=nonsense")).status_code == 422


async def test_documents_come_with_their_types_and_names(region: Region, exam: ingest.Exam) -> None:
    signed = await region.signed(exam)
    pdf = await region.call("GET", f"reports/{signed['id']}.pdf", "nurse")
    dcm = await region.call("GET", f"reports/{signed['id']}.dcm", "nurse")
    assert (pdf.headers["content-type"], pdf.content[:5]) == ("application/pdf", b"%PDF-")
    assert (dcm.headers["content-type"], dcm.content[128:132]) == ("application/dicom", b"DICM")
    assert dcm.headers["content-disposition"].startswith("attachment; ")
    assert (await region.call("GET", f"reports/{signed['id']}.pdf?version=2", "nurse")).status_code == 404


async def test_a_lost_picture_does_not_keep_the_report_back(
    region: Region, exam: ingest.Exam, service: Service
) -> None:
    await service.objects.delete(exam.instances[0].object_key)
    signed = await region.signed(exam)
    assert (await region.call("GET", f"reports/{signed['id']}.pdf", "nurse")).content.startswith(b"%PDF-")
