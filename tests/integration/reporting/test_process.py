"""Reporting as a process on the real Kafka and PostgreSQL, killed where it hurts."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import grpc
import httpx
import psutil
import pytest
from pydicom import dcmread
from sonobridge.ingest.v1 import events_pb2 as ingest_pb
from sonobridge.reporting.v1 import events_pb2, service_pb2, service_pb2_grpc

from services.shared.events import Event, from_record
from services.shared.http import ON_BEHALF_OF
from services.shared.kafka import Producer, Record, held
from services.shared.objects import open_store
from services.shared.settings import ObjectSettings
from tests.fakes.ingest import FakeIngest
from tests.fakes.oidc import FakeIssuer
from tests.fakes.settings import environment
from tests.integration.reporting.region import FakeClock, Region
from tests.parts import Database, Topics

ROOT = Path(__file__).parents[3]
SECONDS = 60


class Process:
    """One reporting process, its region and its ingest."""

    def __init__(self, variables: dict[str, str], folder: Path, topics: Topics, ingest: FakeIngest) -> None:
        self._variables = variables
        self._folder = folder
        self.topics = topics
        self.ingest = ingest
        self.crash_file = folder / "crash"
        self._process: asyncio.subprocess.Process | None = None
        self.region: Region

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._variables['SONOBRIDGE_HTTP_PORT']}"

    @property
    def grpc(self) -> str:
        return f"127.0.0.1:{self._variables['SONOBRIDGE_GRPC_PORT']}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        """Start it; returns when it is ready."""
        with (self._folder / "log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "services",
                "reporting",
                cwd=ROOT,
                env=os.environ | self._variables | {"SONOBRIDGE_CRASH_FILE": str(self.crash_file)},
                stdout=log,
                stderr=log,
            )

        async def ready() -> bool:
            assert self._process is not None
            assert self._process.returncode is None, (self._folder / "log").read_text()[-3000:]
            try:
                async with httpx.AsyncClient() as client:
                    return (await client.get(f"{self.url}/readyz")).status_code == 200
            except httpx.HTTPError:
                return False

        await until(ready)

    async def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """End it; its exit status."""
        assert self._process is not None
        if self._process.returncode is None:
            self._process.send_signal(number)
        return await asyncio.wait_for(self._process.wait(), 30)

    async def died(self) -> None:
        """Wait until it has killed itself."""
        assert self._process is not None
        assert await asyncio.wait_for(self._process.wait(), SECONDS) == -signal.SIGKILL


async def until(condition: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """Wait until `condition` answers something true; its answer."""
    async with asyncio.timeout(SECONDS):
        while not (found := await condition()):
            await asyncio.sleep(0.2)
        return found


@pytest.fixture
async def process(
    migrated: Database, kafka_topics: Topics, issuer: FakeIssuer, tmp_path: Path
) -> AsyncIterator[Process]:
    ingest = FakeIngest()
    await ingest.start()
    producer = Producer(kafka_topics.bootstrap, kafka_topics.prefix)
    objects_url = f"file://{tmp_path}/objects"
    variables = environment(
        "reporting",
        migrated,
        kafka_topics,
        issuer,
        tmp_path,
        objects_url=objects_url,
        ingest_grpc=f"127.0.0.1:{ingest.port}",
        seal_dir=tmp_path / "seal",
    )
    made = Process(variables, tmp_path, kafka_topics, ingest)

    async def send(topic: str, event: Event) -> None:
        await producer.send([Record(topic, event.key, event.headers(), event.body)])

    async def tell(event: Event) -> None:
        await send("directory.v1", event)

    async def handle(event: Event) -> None:
        await send("ingest.v1" if event.type.startswith("exam.") else "inference.v1", event)

    async with httpx.AsyncClient(base_url=made.url, timeout=60) as client:
        objects = open_store(ObjectSettings(objects_url=objects_url))
        made.region = Region(client, issuer, tell, handle, objects, FakeClock())
        await made.region.found()
        await made.start()
        yield made
    await made.end(signal.SIGKILL)
    await producer.close()
    await ingest.stop()


SENT_WITHIN_SECONDS = 30.0
TWICE_WITHIN_SECONDS = 2.0  # a second one that must not come would have come by then


def told(topics: Topics, exam_id: str) -> list[events_pb2.ReportSigned]:
    """The report.signed events of an exam that the topic holds, some time after the first is there."""

    def found() -> list[events_pb2.ReportSigned]:
        records = held(topics.bootstrap, [topics.name("reporting.v1")])
        events = [from_record(one.key, one.headers, one.value) for one in records]
        return [one.decode(events_pb2.ReportSigned) for one in events if one.key == exam_id]

    until = time.monotonic() + SENT_WITHIN_SECONDS
    while not found() and time.monotonic() < until:
        time.sleep(0.2)
    time.sleep(TWICE_WITHIN_SECONDS)
    return found()


async def arrive(process: Process) -> ingest_pb.Exam:
    """An exam comes over Kafka, and its analysis, each twice; returns when it waits in the worklist with its findings."""
    region = process.region
    exam = await region.exam()
    for event in (region.completed(exam), region.analysed(exam)):
        await region.handle(event)
        await region.handle(event)

    async def waits() -> bool:
        answer = await region.call("GET", "worklist")
        lines = answer.json()["items"] if answer.is_success else []
        return any(one["exam_id"] == exam.exam_id and one["ai"] == "completed" for one in lines)

    await until(waits)
    return exam


@pytest.mark.timeout(300)
async def test_an_exam_goes_from_kafka_to_the_study_and_the_event_by_way_of_an_expert(process: Process) -> None:
    region = process.region
    exam = await arrive(process)
    assert len(await region.listed(exam)) == 1
    signed = await region.signed(exam)

    async def delivered() -> bool:
        return len(process.ingest.stored_for.get(exam.exam_id, [])) == 2

    await until(delivered)
    assert {dcmread(BytesIO(one)).Modality for one in process.ingest.documents.values()} == {"SR", "DOC"}
    (event,) = told(process.topics, exam.exam_id)
    assert (event.report_id, event.version) == (signed["id"], 1)

    metrics = (await region.client.get("/metrics")).text
    assert 'sonobridge_reporting_signed_total{kind="report"} 1.0' in metrics
    assert "sonobridge_reporting_signing_seconds_count 1.0" in metrics
    assert 'sonobridge_reporting_open_reports{due="overdue"}' in metrics

    async with grpc.aio.insecure_channel(process.grpc) as channel:
        stub = service_pb2_grpc.ReportingServiceStub(channel)
        request = service_pb2.GetReportStatusRequest(exam_id=exam.exam_id)

        async def status(organisation_id: Any) -> service_pb2.GetReportStatusResponse:
            token = region.issuer.service_token("service-ingest")
            metadata = (("authorization", f"Bearer {token}"), (ON_BEHALF_OF, str(organisation_id)))
            answer: service_pb2.GetReportStatusResponse = await stub.GetReportStatus(request, metadata=metadata)
            return answer

        for owner in (region.clinic.id, region.centre.id):
            assert ((await status(owner)).state, (await status(owner)).version) == ("signed", 1)
        for stranger in (region.foreign.id, uuid4()):
            with pytest.raises(grpc.aio.AioRpcError) as raised:
                await status(stranger)
            assert raised.value.code() == grpc.StatusCode.NOT_FOUND


@pytest.mark.timeout(400)
async def test_a_process_killed_at_any_point_of_signing_leaves_one_report_and_one_event(process: Process) -> None:
    region = process.region
    for point in ("report.stored", "report.committed", "relay.published"):
        exam = await arrive(process)
        report = await region.drafted(await region.claimed(exam))
        process.crash_file.write_text(point)
        path = f"reports/{report['id']}/sign"
        with pytest.raises(httpx.HTTPError):
            # The relay dies after the answer, if it may.
            (await region.call("POST", path, body={"attestation": True})).raise_for_status()
            await process.died()
            raise httpx.HTTPError("killed after the answer")
        await process.died()
        await process.start()

        again = await region.call("POST", path, body={"attestation": True})
        assert (again.status_code, again.json()["version"]) == (200, 1), point

        async def delivered(exam_id: str = exam.exam_id) -> bool:
            return len(process.ingest.stored_for.get(exam_id, [])) == 2

        await until(delivered)
        await asyncio.sleep(1)
        events = told(process.topics, exam.exam_id)
        assert len({(one.report_id, one.version, one.document_digest_sha256) for one in events}) == 1, point
        pdf = await region.call("GET", f"reports/{report['id']}.pdf", "nurse")
        document = next(
            found
            for uid in process.ingest.stored_for[exam.exam_id]
            if (found := dcmread(BytesIO(process.ingest.documents[uid]))).Modality == "DOC"
        )
        assert document.EncapsulatedDocument[: document.EncapsulatedDocumentLength] == pdf.content


@pytest.mark.timeout(300)
async def test_a_killed_service_leaves_no_worker_behind_and_a_stopped_one_ends_well(process: Process) -> None:
    region = process.region
    await region.signed(await arrive(process))
    workers = psutil.Process(process.pid).children(recursive=True)
    assert workers
    await process.end(signal.SIGKILL)

    async def gone() -> bool:
        return not any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in workers)

    await until(gone)
    await process.start()
    assert await process.end() == 0
