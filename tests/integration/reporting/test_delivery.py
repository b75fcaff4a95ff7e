"""Signed reports go into their studies, later if ingest is away, and never twice differently."""

from collections.abc import AsyncIterator
from datetime import timedelta
from io import BytesIO

import grpc
import pytest
from pydicom import dcmread

from services.reporting.delivery import Deliverer, sender
from services.shared import grpc_server
from services.shared.auth import ServiceToken
from tests.fakes.ingest import FakeIngest
from tests.integration.reporting.conftest import Service
from tests.integration.reporting.region import Region


@pytest.fixture
async def ingest() -> AsyncIterator[FakeIngest]:
    made = FakeIngest()
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def deliverer(service: Service, ingest: FakeIngest) -> AsyncIterator[Deliverer]:
    caller = grpc_server.Caller(f"127.0.0.1:{ingest.port}", ServiceToken(service.settings))
    yield Deliverer(service.db, service.objects, sender(caller), service.clock)
    await caller.close()


async def drain(deliverer: Deliverer) -> None:
    while await deliverer.deliver_one():
        pass


async def test_pdf_and_sr_reach_the_study_once(
    region: Region, service: Service, ingest: FakeIngest, deliverer: Deliverer
) -> None:
    await drain(deliverer)
    ingest.documents.clear()
    exam = await region.exam()
    await region.handle(region.completed(exam))
    await region.handle(region.analysed(exam))
    signed = await region.signed(exam)
    await drain(deliverer)

    stored = [dcmread(BytesIO(ingest.documents[uid])) for uid in ingest.stored_for[exam.exam_id]]
    assert {one.Modality for one in stored} == {"SR", "DOC"}
    assert {one.StudyInstanceUID for one in stored} == {exam.study_instance_uid}
    pdf = (await region.call("GET", f"reports/{signed['id']}.pdf", "nurse")).content
    document = next(one for one in stored if one.Modality == "DOC")
    assert document.EncapsulatedDocument[: document.EncapsulatedDocumentLength] == pdf
    calls = ingest.calls
    service.clock.forward(timedelta(hours=1))
    await drain(deliverer)
    assert ingest.calls == calls


async def test_while_ingest_is_away_the_documents_wait_and_then_go(
    region: Region, service: Service, ingest: FakeIngest, deliverer: Deliverer
) -> None:
    await drain(deliverer)
    exam = await region.exam()
    await region.handle(region.completed(exam))
    await region.handle(region.analysed(exam))
    ingest.refusal = (grpc.StatusCode.UNAVAILABLE, "Unavailable")
    await region.signed(exam)
    await drain(deliverer)
    assert exam.exam_id not in ingest.stored_for
    ingest.refusal = None
    assert not await deliverer.deliver_one(), "it is not asked again at once"
    service.clock.forward(timedelta(minutes=1))
    await drain(deliverer)
    assert len(ingest.stored_for[exam.exam_id]) == 2
