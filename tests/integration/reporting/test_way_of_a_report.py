"""From the exam's completion to the signed report."""

from sonobridge.reporting.v1 import events_pb2 as reporting

from tests.integration.reporting.conftest import Service
from tests.integration.reporting.region import Region


async def test_a_completed_exam_is_claimed_drafted_signed_and_told_of(region: Region, service: Service) -> None:
    exam = await region.exam()
    await region.handle(region.completed(exam))
    await region.handle(region.analysed(exam))
    line = await region.waiting(exam)
    assert (line["state"], line["ai"], line["organisation_name_zh"]) == ("unassigned", "completed", "青溪县人民医院")

    signed = await region.signed(exam)

    assert (signed["state"], signed["version"]) == ("signed", 1)
    assert [one["state"] for one in signed["findings"]] == ["accepted", "corrected"]
    (row,) = await service.outbox()
    told = reporting.ReportSigned.FromString(bytes(row["body"]))
    assert (told.report_id, told.version, told.exam_id) == (signed["id"], 1, exam.exam_id)
    assert row["headers"]["ce_organisation"] == exam.organisation_id
    assert exam.trace_id in row["headers"]["traceparent"]
    assert [one.state for one in told.findings] == [
        reporting.FINDING_STATE_ACCEPTED,
        reporting.FINDING_STATE_CORRECTED,
    ]
