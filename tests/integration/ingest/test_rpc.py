"""What the other services ask of ingest, and tell it."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from uuid import UUID

import grpc
import pytest
from sonobridge.ingest.v1 import service_pb2 as pb
from sonobridge.ingest.v1.service_pb2_grpc import IngestServiceStub
from sonobridge.reporting.v1 import events_pb2 as reporting

from services.shared.http import ON_BEHALF_OF
from tests.integration.ingest import samples
from tests.integration.ingest.stage import Stage

pytestmark = pytest.mark.asyncio(loop_scope="module")


@asynccontextmanager
async def _stub(stage: Stage) -> AsyncIterator[IngestServiceStub]:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{stage.variables['SONOBRIDGE_GRPC_PORT']}") as channel:
        yield IngestServiceStub(channel)


def _for(stage: Stage, name: str) -> tuple[tuple[str, str], ...]:
    token = stage.issuer.service_token("service-inference")
    return (("authorization", f"Bearer {token}"), (ON_BEHALF_OF, str(stage.ids[name])))


def _chunks(exam_id: str, data: bytes) -> Iterator[pb.StoreDerivedRequest]:
    for at in range(0, len(data), 500):
        yield pb.StoreDerivedRequest(exam_id=exam_id if at == 0 else "", chunk=data[at : at + 500])


async def _completed(stage: Stage) -> tuple[str, str]:
    study = samples.uid()
    await stage.stow(samples.image(study))
    exam = await stage.exam(study)
    await stage.call("POST", f"/api/ingest/v1/exams/{exam['id']}/complete")
    return study, exam["id"]


async def test_what_the_platform_writes_is_found_but_amends_nothing(stage: Stage) -> None:
    study, exam_id = await _completed(stage)
    made = samples.dataset(study, series=samples.uid(), Modality="SR")
    file = samples.file_bytes(made)
    async with _stub(stage) as stub:
        for _ in range(2):
            answer = await stub.StoreDerived(_chunks(exam_id, file), metadata=_for(stage, "clinic"))
            assert answer.instance.sop_instance_uid == made.SOPInstanceUID
        exam = (await stub.GetExam(pb.GetExamRequest(exam_id=exam_id), metadata=_for(stage, "clinic"))).exam
        assert (exam.revision, len(exam.instances)) == (1, 1)
        request = pb.ReadInstanceRequest(exam_id=exam_id, sop_instance_uid=made.SOPInstanceUID)
        read = [answer.chunk async for answer in stub.ReadInstance(request, metadata=_for(stage, "clinic"))]
        assert b"".join(read) == file
        made.PatientID = "CHANGED"
        with pytest.raises(grpc.aio.AioRpcError) as changed:
            await stub.StoreDerived(_chunks(exam_id, samples.file_bytes(made)), metadata=_for(stage, "clinic"))
        assert changed.value.code() is grpc.StatusCode.ABORTED
    (series,) = (await stage.get(f"/dicomweb/studies/{study}/series?Modality=SR")).json()
    assert series["00080061"]["Value"] == ["US", "SR"]
    await stage.events(exam_id, 1)


async def test_another_hospitals_exam_does_not_exist(stage: Stage) -> None:
    study, exam_id = await _completed(stage)
    made = samples.file_bytes(samples.dataset(study, Modality="SR"))
    async with _stub(stage) as stub:
        for call in (
            stub.GetExam(pb.GetExamRequest(exam_id=exam_id), metadata=_for(stage, "stranger")),
            stub.StoreDerived(_chunks(exam_id, made), metadata=_for(stage, "stranger")),
        ):
            with pytest.raises(grpc.aio.AioRpcError) as error:
                await call
            assert error.value.code() is grpc.StatusCode.NOT_FOUND
        request = pb.ReadInstanceRequest(exam_id=exam_id, sop_instance_uid="1.2")
        with pytest.raises(grpc.aio.AioRpcError) as error:
            _ = [answer async for answer in stub.ReadInstance(request, metadata=_for(stage, "stranger"))]
        assert error.value.code() is grpc.StatusCode.NOT_FOUND


async def test_an_instance_of_another_study_cannot_be_written_into_the_exam(stage: Stage) -> None:
    _, exam_id = await _completed(stage)
    async with _stub(stage) as stub:
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await stub.StoreDerived(_chunks(exam_id, samples.image(samples.uid())), metadata=_for(stage, "clinic"))
        assert error.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_the_clinic_sees_that_its_report_is_signed_and_then_amended(stage: Stage) -> None:
    study, exam_id = await _completed(stage)
    for version in (1, 2, 1):
        signed = reporting.ReportSigned(exam_id=exam_id, version=version, organisation_id=str(stage.ids["clinic"]))
        await stage.send("reporting.v1", "report.signed", exam_id, UUID(str(stage.ids["clinic"])), signed)
    await stage.until(
        lambda: stage.rows(f"SELECT report_state FROM ingest.exams WHERE id = '{exam_id}'") == [("amended",)]
    )
    assert (await stage.exam(study))["report_state"] == "amended"
