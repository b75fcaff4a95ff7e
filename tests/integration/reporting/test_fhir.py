"""Signed reports as FHIR R4, held to HAPI's validator."""

from pathlib import Path
from typing import Any

import pytest

from tests.integration.reporting.hapi import validate
from tests.integration.reporting.region import Region


async def fetch(region: Region, path: str, who: str = "nurse") -> Any:
    """A resource by its path under /fhir/R4, or by its absolute reference."""
    path = "/fhir/R4/" + path.rsplit("/fhir/R4/", maxsplit=1)[-1]
    answer = await region.call("GET", path, who)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("application/fhir+json")
    return answer.json()


@pytest.fixture
async def signed_exam(region: Region) -> tuple[Region, Any, Any]:
    exam = await region.exam()
    await region.handle(region.completed(exam))
    await region.handle(region.analysed(exam))
    return region, exam, await region.signed(exam)


@pytest.mark.timeout(300)
async def test_every_resource_passes_the_validator_of_r4(signed_exam: tuple[Region, Any, Any], tmp_path: Path) -> None:
    region, exam, report = signed_exam
    found = await fetch(region, f"DiagnosticReport?identifier=urn:oid:{exam.study_instance_uid}")
    entry = found["entry"][0]["resource"]
    observations = {f"observation{n}": await fetch(region, one["reference"]) for n, one in enumerate(entry["result"])}
    study = await fetch(region, entry["imagingStudy"][0]["reference"])
    missing = (await region.call("GET", "/fhir/R4/DiagnosticReport/nothing", "nurse")).json()
    resources = {
        "bundle": found,
        "report": await fetch(region, f"DiagnosticReport/{report['id']}"),
        "study": study,
        "capabilities": await fetch(region, "metadata"),
        "outcome": missing,
        "wrong": entry | {"status": "no such status"},
        **observations,
    }
    assert len(observations) == 2

    messages = validate(tmp_path, resources)

    faults = [one for one in messages if one.severity in ("ERROR", "FATAL")]
    assert {one.resource for one in faults} == {"wrong"}, "\n".join(map(str, faults))


async def test_the_report_is_found_by_study_by_report_id_and_by_id(signed_exam: tuple[Region, Any, Any]) -> None:
    region, exam, report = signed_exam
    for query in (
        f"identifier=urn:oid:{exam.study_instance_uid}",
        f"identifier=urn:dicom:uid|urn:oid:{exam.study_instance_uid}",
        f"identifier=urn:uuid:{report['id']}",
        f"identifier={report['id']}",
        f"_id={report['id']}",
    ):
        found = await fetch(region, f"DiagnosticReport?{query}")
        assert [one["resource"]["id"] for one in found["entry"]] == [report["id"]], query
    assert (await fetch(region, "DiagnosticReport?identifier=urn:oid:1.2.3"))["total"] == 0


async def test_a_search_means_what_it_says(signed_exam: tuple[Region, Any, Any]) -> None:
    """Parameters narrow each other, commas widen, a system must be the identifier's own (R4, 3.1.1.5.10)."""
    region, exam, report = signed_exam
    study, own = f"urn:oid:{exam.study_instance_uid}", f"urn:uuid:{report['id']}"
    for query, total in {
        f"_id={report['id']}&identifier={study}": 1,
        f"_id={report['id']}&identifier=urn:oid:1.2.3": 0,
        f"identifier=urn:oid:1.2.3,{study}": 1,
        f"identifier={study},{own}": 1,
        f"identifier=urn:ietf:rfc:3986|{own}": 1,
        f"identifier=urn:another:system|{study}": 0,
        f"identifier=urn:dicom:uid|{own}": 0,
    }.items():
        assert (await fetch(region, f"DiagnosticReport?{query}"))["total"] == total, query


async def test_the_resources_say_what_was_signed(signed_exam: tuple[Region, Any, Any]) -> None:
    region, exam, report = signed_exam
    found = await fetch(region, f"DiagnosticReport/{report['id']}")
    assert (found["status"], found["conclusion"]) == ("final", "头围符合孕周。")
    patient = found["contained"][0]
    assert (patient["name"][0]["text"], patient["gender"], patient["birthDate"]) == ("王 小东", "female", "1994-05-06")
    corrected = await fetch(region, found["result"][1]["reference"])
    assert corrected["valueQuantity"] == {
        "value": 74.2,
        "unit": "mm",
        "system": "http://unitsofmeasure.org",
        "code": "mm",
    }
    assert corrected["code"]["coding"][0]["code"] == "11820-8"
    study = await fetch(region, found["imagingStudy"][0]["reference"])
    assert study["identifier"][0]["value"] == f"urn:oid:{exam.study_instance_uid}"
    assert study["series"][0]["instance"][0]["uid"] == exam.instances[0].sop_instance_uid


@pytest.mark.parametrize(
    ("path", "status", "issue"),
    [
        ("DiagnosticReport", 400, "invalid"),
        ("DiagnosticReport/00000000-0000-4000-8000-000000000000", 404, "not-found"),
        ("Observation/nothing.at.all", 404, "not-found"),
        ("ImagingStudy/nothing", 404, "not-found"),
        ("Patient/1", 404, "not-supported"),
        ("DiagnosticReport/1/_history", 404, "not-supported"),
    ],
)
async def test_an_error_is_an_operation_outcome(region: Region, path: str, status: int, issue: str) -> None:
    answer = await region.call("GET", f"/fhir/R4/{path}", "nurse")
    assert answer.status_code == status
    assert answer.json()["issue"][0]["code"] == issue


async def test_nobody_reads_without_a_token_but_what_the_server_can_do(region: Region) -> None:
    assert (await region.client.get("/fhir/R4/metadata")).json()["fhirVersion"] == "4.0.1"
    answer = await region.client.get("/fhir/R4/DiagnosticReport?identifier=1")
    assert (answer.status_code, answer.json()["resourceType"]) == (401, "OperationOutcome")


async def test_for_another_hospital_there_is_nothing(signed_exam: tuple[Region, Any, Any]) -> None:
    region, exam, report = signed_exam
    found = await fetch(region, f"DiagnosticReport?identifier=urn:oid:{exam.study_instance_uid}", "stranger")
    assert found["total"] == 0
    own = await fetch(region, f"DiagnosticReport/{report['id']}")
    paths = [f"DiagnosticReport/{report['id']}", own["result"][0]["reference"], own["imagingStudy"][0]["reference"]]
    for path in paths:
        answer = await region.call("GET", "/fhir/R4/" + path.split("/fhir/R4/")[-1], "stranger")
        assert answer.status_code == 404, path


async def test_an_addendum_amends_the_report(signed_exam: tuple[Region, Any, Any]) -> None:
    region, _, report = signed_exam
    body = {"impression": "补充：未见异常。", "attestation": True}
    (await region.call("POST", f"reports/{report['id']}/addenda", body=body)).raise_for_status()
    found = await fetch(region, f"DiagnosticReport/{report['id']}")
    assert (found["status"], found["meta"]["versionId"], found["conclusion"]) == ("amended", "2", "补充：未见异常。")
