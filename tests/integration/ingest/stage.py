"""What the tests do to ingest: start and kill it, tell it of hospitals, send instances, read what it told."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from sonobridge.directory.v1 import directory_pb2 as directory
from sonobridge.directory.v1 import events_pb2 as directory_events
from sonobridge.ingest.v1 import events_pb2 as pb

from infra.local.postgres import BOOTSTRAP
from services.shared.clock import uuid7
from services.shared.events import Event, from_record
from services.shared.kafka import Producer, Record, held
from tests.fakes.oidc import FakeIssuer
from tests.integration.ingest.samples import stow_body
from tests.parts import Database, Topics

ROOT = Path(__file__).parents[3]
_BODIES: dict[str, Callable[[], Message]] = {"exam.completed": pb.ExamCompleted, "exam.amended": pb.ExamAmended}


class Stage:
    """One ingest process and the parts around it. Hospitals: clinic, other (a second clinic), reader, stranger."""

    def __init__(
        self, variables: dict[str, str], database: Database, topics: Topics, issuer: FakeIssuer, folder: Path
    ) -> None:
        self.variables, self.database, self.topics, self.issuer, self.folder = (
            variables,
            database,
            topics,
            issuer,
            folder,
        )
        self.ids = {name: uuid4() for name in ("clinic", "other", "reader", "stranger")}
        # Aliases are unique in a database that tests share.
        self.aliases = {name: f"{name}-{organisation_id.hex[:8]}" for name, organisation_id in self.ids.items()}
        self.ae_title = f"AE{self.ids['clinic'].hex[:12].upper()}"
        self.crash_file = folder / "crash"
        self._producer = Producer(topics.bootstrap, topics.prefix)
        self._process: asyncio.subprocess.Process | None = None
        self._log = (folder / "ingest.log").open("ab")

    @property
    def log(self) -> str:
        return (self.folder / "ingest.log").read_text()[-4000:]

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def http(self) -> str:
        return f"http://127.0.0.1:{self.variables['SONOBRIDGE_HTTP_PORT']}"

    @property
    def dicom_port(self) -> int:
        return int(self.variables["SONOBRIDGE_DICOM_PORT"])

    async def start(self, *before: str) -> None:
        """Start the process, under the command `before` if given; it is ready when its page says so."""
        environment = os.environ | self.variables | {"SONOBRIDGE_CRASH_FILE": str(self.crash_file)}
        self._process = await asyncio.create_subprocess_exec(
            *before, sys.executable, "-m", "services", "ingest",
            cwd=ROOT, env=environment, stdout=self._log, stderr=self._log,
        )  # fmt: skip
        async with httpx.AsyncClient() as client:
            for _ in range(900):  # a busy machine starts a process slowly
                if self._process.returncode is not None:
                    raise AssertionError(self.log)
                try:
                    if (await client.get(f"{self.http}/readyz")).status_code == 200:
                        return
                except httpx.HTTPError:
                    pass
                await asyncio.sleep(0.1)
        raise AssertionError(f"ingest is not ready\n{self.log}")

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
                raise AssertionError(f"ingest did not stop when asked to\n{self.log}") from None
        await self._producer.close()
        self._log.close()

    async def tell(self, key: str, body: Message) -> None:
        await self.send("directory.v1", "directory.changed", key, self.ids["clinic"], body)

    async def send(self, topic: str, type: str, key: str, organisation_id: UUID, body: Message) -> None:
        event = Event(uuid7(), type, "/tests", key, organisation_id, datetime.now(UTC), body.SerializeToString())
        await self._producer.send([Record(topic, event.key, event.headers(), event.body)])

    async def found(self, quiet: timedelta = timedelta(minutes=5)) -> None:
        """The directory tells of the hospitals, their people and the clinic's scanner."""
        for name, organisation_id in self.ids.items():
            organisation = directory.Organisation(
                id=str(organisation_id),
                alias=self.aliases[name],
                time_zone="Asia/Shanghai",
                quiet_period=Duration(seconds=int(quiet.total_seconds())),
                active=True,
                revision=1,
            )
            await self.tell(
                f"organisation/{organisation_id}", directory_events.DirectoryChanged(organisation=organisation)
            )
            for role in ("clinic_staff", "expert", "billing_admin", "operator"):
                membership = directory.Membership(
                    id=str(uuid4()),
                    organisation_id=str(organisation_id),
                    subject=f"{role}-{organisation_id}",
                    roles=[role],
                    active=True,
                    revision=1,
                )
                await self.tell(f"membership/{membership.id}", directory_events.DirectoryChanged(membership=membership))
        device = directory.Device(
            id=str(uuid4()),
            organisation_id=str(self.ids["clinic"]),
            ae_title=self.ae_title,
            active=True,
            revision=1,
        )
        await self.tell(f"device/{device.id}", directory_events.DirectoryChanged(device=device))
        await self._known()

    async def agree(self, requester: str = "clinic", consent: bool = True, trial: bool = False) -> UUID:
        """The directory tells of an agreement by which `reader` reads for the requester."""
        agreement_id = uuid4()
        agreement = directory.Agreement(
            id=str(agreement_id),
            version=1,
            requester_id=str(self.ids[requester]),
            reader_id=str(self.ids["reader"]),
            valid_from="2026-01-01",
            services=[directory.Service(modality="US", body_part="*")],
            number=f"A-{agreement_id}",
            consent_attested=consent,
            trial_consent_attested=trial,
            revision=1,
        )
        await self.tell(f"agreement/{agreement_id}/1", directory_events.DirectoryChanged(agreement=agreement))
        await self.until(
            lambda: self.rows(f"SELECT FROM ingest.directory_copy WHERE key = 'agreement/{agreement_id}/1'")
        )
        return agreement_id

    async def _known(self) -> None:
        ids = ", ".join(f"'{organisation_id}'" for organisation_id in self.ids.values())
        await self.until(
            lambda: (
                self.rows(
                    f"SELECT count(*) FROM ingest.directory_copy WHERE kind <> 'agreement' AND organisation_ids && ARRAY[{ids}]::uuid[]"
                )[0][0]
                == len(self.ids) * 5 + 1
            )
        )

    async def until(self, condition: Callable[[], Any], seconds: float = 20) -> None:
        """Wait for what comes in its own time."""
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise AssertionError(f"it did not come\n{self.log}")
            await asyncio.sleep(0.1)

    def token(self, name: str = "clinic", role: str = "clinic_staff") -> str:
        return self.issuer.token(f"{role}-{self.ids[name]}", self.aliases[name])

    async def call(
        self, method: str, path: str, name: str = "clinic", role: str = "clinic_staff", **more: Any
    ) -> httpx.Response:
        """A request as somebody of the hospital `name`."""
        headers = {"Authorization": f"Bearer {self.token(name, role)}"} | more.pop("headers", {})
        async with httpx.AsyncClient(timeout=60) as client:
            return await client.request(method, f"{self.http}{path}", headers=headers, **more)

    async def get(self, path: str, name: str = "clinic", role: str = "clinic_staff", **more: Any) -> httpx.Response:
        return await self.call("GET", path, name, role, **more)

    async def stow(self, *files: bytes, name: str = "clinic", study: str = "", **headers: str) -> httpx.Response:
        """STOW-RS of these files in one request."""
        body, content_type = stow_body(*files)
        path = "/dicomweb/studies" + (f"/{study}" if study else "")
        return await self.call("POST", path, name, content=body, headers={"Content-Type": content_type} | headers)

    async def exam(self, study: str, name: str = "clinic") -> dict[str, Any]:
        """The exam of the study, as the hospital sees it."""
        answer = (await self.get(f"/api/ingest/v1/exams?study_instance_uid={study}", name)).json()
        (item,) = answer["items"]
        found: dict[str, Any] = item
        return found

    async def get_files(self, study: str, name: str = "clinic") -> list[bytes]:
        """The stored files of the study, as the hospital gets them."""
        found = (await self.get(f"/dicomweb/studies/{study}/instances", name)).json()
        paths = [
            item["00081190"]["Value"][0].removeprefix(self.variables["SONOBRIDGE_PUBLIC_ORIGIN"]) for item in found
        ]
        return [(await self.get(path, name, headers={"Accept": "application/dicom"})).content for path in paths]

    async def events(self, exam_id: str, count: int, seconds: float = 60) -> list[Any]:
        """(type, body, traceparent) of the events about the exam, once there are `count`, and no more a moment later."""
        return await asyncio.to_thread(self._events, exam_id, count, seconds)

    def _events(self, exam_id: str, count: int, seconds: float) -> list[Any]:
        found: list[Any] = []
        until = time.monotonic() + seconds
        settled_at = 0.0
        while time.monotonic() < until:
            records = held(self.topics.bootstrap, [self.topics.name("ingest.v1")])
            events = [from_record(one.key, one.headers, one.value) for one in records]
            found = [
                (event.type, event.decode(_BODIES[event.type]), event.traceparent)
                for event in events
                if event.key == exam_id
            ]
            if len(found) >= count:
                settled_at = settled_at or time.monotonic() + 1.0
                if time.monotonic() >= settled_at:
                    break
            time.sleep(0.2)
        assert len(found) == count, f"{[kind for kind, *_ in found]}\n{self.log}"
        return found

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """What the database's superuser sees."""
        with psycopg.connect(self.database.server.conninfo(BOOTSTRAP, self.database.name)) as connection:
            return connection.execute(statement.encode()).fetchall()

    def execute(self, statement: str) -> None:
        """A change as the database's superuser."""
        with psycopg.connect(self.database.server.conninfo(BOOTSTRAP, self.database.name)) as connection:
            connection.execute(statement.encode())

    def objects(self) -> list[Path]:
        """The objects in the store."""
        root = self.folder / "objects"
        return [path for path in root.rglob("*") if path.is_file() and ".spool" not in path.parts]
