"""What the tests do to the service: start and kill it, send exams, wait for outcomes."""

import asyncio
import hashlib
import os
import signal
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import grpc
import httpx
import psycopg
from google.protobuf.message import Message
from pydicom import Dataset, dcmread
from sonobridge.directory.v1 import directory_pb2 as directory
from sonobridge.directory.v1 import events_pb2 as directory_events
from sonobridge.inference.v1 import events_pb2 as pb
from sonobridge.inference.v1 import service_pb2
from sonobridge.inference.v1.service_pb2_grpc import InferenceServiceStub
from sonobridge.ingest.v1 import events_pb2 as ingest

from infra.local.postgres import BOOTSTRAP
from infra.local.triton import Triton
from services.shared.clock import uuid7
from services.shared.events import Event, from_record
from services.shared.http import ON_BEHALF_OF
from services.shared.kafka import Producer, Record, Taken, held
from services.shared.tenancy import PLATFORM_ORGANISATION
from tests.fakes.ingest import FakeIngest
from tests.fakes.oidc import FakeIssuer
from tests.parts import Database, Topics

TRIAL = directory.ModelPermission(model="identity", mode=directory.GATE_MODE_TRIAL, ethics_protocol="EC-7")
SHADOW = directory.ModelPermission(model="identity", mode=directory.GATE_MODE_SHADOW)
ROOT = Path(__file__).parents[3]
_BODIES: dict[str, Callable[[], Message]] = {
    "analysis.completed": pb.AnalysisCompleted,
    "analysis.skipped": pb.AnalysisSkipped,
    "analysis.failed": pb.AnalysisFailed,
}


class Stage:
    """One inference process and the parts around it."""

    def __init__(
        self,
        variables: dict[str, str],
        database: Database,
        topics: Topics,
        issuer: FakeIssuer,
        ingest_service: FakeIngest,
        folder: Path,
        triton: Triton,
    ) -> None:
        self.variables, self.database, self.topics, self.issuer = variables, database, topics, issuer
        self.ingest, self.folder, self.triton = ingest_service, folder, triton
        self.requester, self.reader, self.stranger = uuid4(), uuid4(), uuid4()
        self.agreement_id = uuid4()
        self.crash_file = folder / "crash"
        self._producer = Producer(topics.bootstrap, topics.prefix)
        self._process: asyncio.subprocess.Process | None = None
        self._log = (folder / "inference.log").open("wb")

    async def start(self) -> None:
        """Start the process; ready when its page says so."""
        environment = os.environ | self.variables | {"SONOBRIDGE_CRASH_FILE": str(self.crash_file)}
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "services", "inference", cwd=ROOT, env=environment, stdout=self._log, stderr=self._log
        )
        async with httpx.AsyncClient() as client:
            for _ in range(900):  # a busy machine starts a process slowly
                if self._process.returncode is not None:
                    raise AssertionError((self.folder / "inference.log").read_text()[-3000:])
                try:
                    if (await client.get(f"{self.http}/readyz")).status_code == 200:
                        return
                except httpx.HTTPError:
                    pass
                await asyncio.sleep(0.1)
        raise AssertionError("the service is not ready")

    async def kill(self) -> None:
        assert self._process is not None
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGKILL)
        await self._process.wait()

    async def died(self, seconds: float = 20) -> int:
        """The exit status, once the process has ended by itself."""
        assert self._process is not None
        return await asyncio.wait_for(self._process.wait(), seconds)

    async def close(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            try:
                await asyncio.wait_for(self._process.wait(), 15)
            except TimeoutError:
                await self.kill()
        await self._producer.close()
        self._log.close()

    @property
    def http(self) -> str:
        return f"http://127.0.0.1:{self.variables['SONOBRIDGE_HTTP_PORT']}"

    async def send(self, topic: str, type: str, key: str, organisation_id: UUID, body: Message) -> Event:
        event = Event(uuid7(), type, "/tests", key, organisation_id, datetime.now(UTC), body.SerializeToString())
        await self.resend(topic, event)
        return event

    async def resend(self, topic: str, event: Event) -> None:
        await self._producer.send([Record(topic, event.key, event.headers(), event.body)])

    async def agree(
        self, *models: directory.ModelPermission, version: int = 1, trial_consent: bool = False, role: str = "expert"
    ) -> None:
        """The directory tells of the three organisations and of an agreement that permits these models."""
        for number, organisation_id in enumerate((self.requester, self.reader, self.stranger)):
            organisation = directory.Organisation(
                id=str(organisation_id), alias=f"o{number}", time_zone="Asia/Shanghai", active=True, revision=1
            )
            await self._tell(
                f"organisation/{organisation_id}", directory_events.DirectoryChanged(organisation=organisation)
            )
            membership = directory.Membership(
                id=str(uuid4()),
                organisation_id=str(organisation_id),
                subject=f"person-{organisation_id}",
                roles=[role],
                active=True,
                revision=1,
            )
            await self._tell(f"membership/{membership.id}", directory_events.DirectoryChanged(membership=membership))
        agreement = directory.Agreement(
            id=str(self.agreement_id),
            version=version,
            requester_id=str(self.requester),
            reader_id=str(self.reader),
            valid_from="2026-01-01",
            services=[directory.Service(modality="US", body_part="*")],
            models=models,
            number="A-1",
            revision=version,
            trial_consent_attested=trial_consent,
        )
        key = f"agreement/{self.agreement_id}/{version}"
        await self._tell(key, directory_events.DirectoryChanged(agreement=agreement))

    async def appoint_operator(self) -> None:
        """The directory tells of the platform's own organisation and of an operator there."""
        organisation = directory.Organisation(
            id=str(PLATFORM_ORGANISATION),
            alias="platform",
            time_zone="Asia/Shanghai",
            active=True,
            revision=1,
            platform=True,
        )
        membership = directory.Membership(
            id=str(uuid4()),
            organisation_id=str(PLATFORM_ORGANISATION),
            subject="operator",
            display_name="Op Erator",
            roles=["operator"],
            active=True,
            revision=1,
        )
        for key, body in (
            (f"organisation/{PLATFORM_ORGANISATION}", directory_events.DirectoryChanged(organisation=organisation)),
            (f"membership/{membership.id}", directory_events.DirectoryChanged(membership=membership)),
        ):
            await self._tell(key, body)

    async def operate(self, method: str, path: str, **body: Any) -> httpx.Response:
        """The route as the platform's operator."""
        token = self.issuer.token("operator", "platform")
        async with httpx.AsyncClient(timeout=60) as client:
            return await client.request(
                method,
                f"{self.http}/api/inference/v1/{path}",
                json=body or None,
                headers={"Authorization": f"Bearer {token}"},
            )

    async def _tell(self, key: str, body: Message) -> None:
        await self.send("directory.v1", "directory.changed", key, self.requester, body)

    def exam(self, *files: tuple[str, bytes, int], crosses: bool = True, version: int = 1, **more: Any) -> ingest.Exam:
        """An exam of these (SOP Instance UID, file, frames), its objects put where the service finds them."""
        exam_id, study = uuid4(), f"2.25.{uuid4().int}"
        instances = []
        for number, (uid, data, frames) in enumerate(files, 1):
            key = f"{self.requester}/{exam_id}/{uid}"
            path = self.folder / "objects" / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            instances.append(
                ingest.InstanceReference(
                    series_instance_uid="1.2.3",
                    sop_instance_uid=uid,
                    sop_class_uid="1.2.840.10008.5.1.4.1.1.6.1" if frames == 1 else "1.2.840.10008.5.1.4.1.1.3.1",
                    modality="US",
                    number_of_frames=frames,
                    rows=120,
                    columns=160,
                    object_key=key,
                    size_bytes=len(data),
                    digest_sha256=hashlib.sha256(data).hexdigest(),
                    instance_number=number,
                )
            )
        fields: dict[str, Any] = {
            "exam_id": str(exam_id),
            "organisation_id": str(self.requester),
            "study_instance_uid": study,
            "patient": ingest.Patient(name="Wang^Fang", name_ideographic="王^芳", id="P-1"),
            "modality": "US",
            "body_part": "FETUS",
            "service_date": "2026-01-01",
            "revision": 1,
            "coverage": ingest.COVERAGE_CROSSES if crosses else ingest.COVERAGE_NO_AGREEMENT,
            "crossing": ingest.Crossing(
                agreement_id=str(self.agreement_id), agreement_version=version, reader_id=str(self.reader)
            )
            if crosses
            else None,
            "instances": instances,
            "consent_recorded": True,
            "trial_consent": True,
            "trace_id": "0af7651916cd43dd8448eb211c80319c",
        }
        return ingest.Exam(**(fields | more))

    async def complete(self, exam: ingest.Exam) -> Event:
        body = ingest.ExamCompleted(exam=exam)
        return await self.send("ingest.v1", "exam.completed", exam.exam_id, UUID(exam.organisation_id), body)

    async def outcomes(self, exam_id: str, count: int = 1, seconds: float = 30, settle: float = 0) -> list[Any]:
        """The events about the exam, once there are `count`; then those of `settle` more seconds."""
        return await asyncio.to_thread(self._outcomes, exam_id, count, seconds, settle)

    def _outcomes(self, exam_id: str, count: int, seconds: float, settle: float) -> list[Any]:
        found: list[Any] = []
        until = time.monotonic() + seconds
        settled_at = 0.0
        while time.monotonic() < until:
            events = [from_record(one.key, one.headers, one.value) for one in self._held("inference.v1")]
            found = [event.decode(_BODIES[event.type]) for event in events if event.key == exam_id]
            if len(found) >= count:
                settled_at = settled_at or time.monotonic() + settle
                if time.monotonic() >= settled_at:
                    break
            time.sleep(0.2)
        if len(found) < count:
            raise AssertionError(f"{len(found)} outcomes\n{(self.folder / 'inference.log').read_text()[-4000:]}")
        return found

    def documents_of(self, exam: ingest.Exam) -> list[bytes]:
        """The documents that were stored for the exam."""
        return [self.ingest.documents[uid] for uid in self.ingest.stored_for.get(exam.exam_id, [])]

    def reports_of(self, exam: ingest.Exam) -> list[Dataset]:
        """Those of them that are Structured Reports."""
        return [one for one in (dcmread(BytesIO(data)) for data in self.documents_of(exam)) if one.Modality == "SR"]

    async def dead_letter(self, exam_id: str) -> str:
        """The reason why the exam's event was put aside."""
        return await asyncio.to_thread(self._dead_letter, exam_id)

    def _dead_letter(self, exam_id: str, seconds: float = 30) -> str:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for record in self._held("ingest.v1.dlq"):
                if (record.key or b"").decode() == exam_id:
                    return record.headers["dlq_reason"].decode()
            time.sleep(0.2)
        raise AssertionError("nothing was put aside")

    def _held(self, topic: str) -> list[Taken]:
        return held(self.topics.bootstrap, [self.topics.name(topic)])

    async def get_analysis(self, organisation_id: UUID, exam_id: str) -> service_pb2.GetAnalysisResponse:
        """GetAnalysis as a platform service acting for the organisation."""
        metadata = (
            ("authorization", f"Bearer {self.issuer.service_token('service-reporting')}"),
            (ON_BEHALF_OF, str(organisation_id)),
        )
        async with grpc.aio.insecure_channel(f"127.0.0.1:{self.variables['SONOBRIDGE_GRPC_PORT']}") as channel:
            stub = InferenceServiceStub(channel)
            answer: service_pb2.GetAnalysisResponse = await stub.GetAnalysis(
                service_pb2.GetAnalysisRequest(exam_id=exam_id), metadata=metadata
            )
            return answer

    async def get(self, organisation_id: UUID, path: str) -> httpx.Response:
        """The route as a person of the organisation."""
        return await self.ask(organisation_id, "GET", path)

    async def ask(self, organisation_id: UUID, method: str, path: str, **body: Any) -> httpx.Response:
        """The same with another method."""
        alias = {self.requester: "o0", self.reader: "o1", self.stranger: "o2"}[organisation_id]
        token = self.issuer.token(f"person-{organisation_id}", alias)
        async with httpx.AsyncClient() as client:
            return await client.request(
                method,
                f"{self.http}/api/inference/v1/{path}",
                json=body or None,
                headers={"Authorization": f"Bearer {token}"},
            )

    async def metrics(self) -> str:
        async with httpx.AsyncClient() as client:
            return (await client.get(f"{self.http}/metrics")).text

    def change(self, statement: str) -> None:
        """What only the database's superuser may do."""
        with psycopg.connect(self.database.server.conninfo(BOOTSTRAP, self.database.name)) as connection:
            connection.execute(statement.encode())

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """What the database's superuser sees."""
        with psycopg.connect(self.database.server.conninfo(BOOTSTRAP, self.database.name)) as connection:
            return connection.execute(statement.encode()).fetchall()
