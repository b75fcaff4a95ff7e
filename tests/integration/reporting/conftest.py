"""Reporting over HTTP on the real PostgreSQL, with events handed to it as Kafka would."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

import services.reporting
from services.reporting import http as routes
from services.reporting.consumers import Handler
from services.reporting.publisher import Publisher, Workshop
from services.reporting.service import Archive, Desk, Intake, Quality, Signing
from services.reporting.settings import Settings
from services.shared import http, settings
from services.shared.auth import Authenticator
from services.shared.clock import uuid7
from services.shared.db import Database, Queries
from services.shared.directory_copy import DirectoryCopy
from services.shared.migrate import migrate
from services.shared.objects import ObjectStore, open_store
from services.shared.outbox import Outbox
from services.shared.settings import PostgresSettings
from tests.fakes.oidc import FakeIssuer
from tests.fakes.settings import environment
from tests.integration.reporting.region import FakeClock, Region
from tests.parts import Database as ScratchDatabase

HERE = Path(services.reporting.__file__).parent


@dataclass(frozen=True)
class Service:
    """Reporting's inside, and its app."""

    settings: Settings
    db: Database
    objects: ObjectStore
    directory: DirectoryCopy
    clock: FakeClock
    archive: Archive
    handler: Handler
    app: FastAPI

    async def outbox(self) -> list[dict[str, Any]]:
        """The events that wait to be sent."""
        async with self.db.work("relay") as tx:
            return await tx.all("select_outbox", limit=1000)


@pytest.fixture(scope="session")
def issuer() -> Iterator[FakeIssuer]:
    made = FakeIssuer()
    yield made
    made.close()


@pytest.fixture(scope="module")
def migrated(postgres_database: ScratchDatabase) -> ScratchDatabase:
    owner = PostgresSettings(
        postgres_host=postgres_database.host,
        postgres_port=postgres_database.port,
        postgres_database=postgres_database.name,
        postgres_user="sonobridge_owner",
        postgres_password_file=postgres_database.password_file("sonobridge_owner"),
    )
    migrate(owner, "reporting", HERE / "migrations")
    return postgres_database


@pytest.fixture
def given(migrated: ScratchDatabase, issuer: FakeIssuer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    more = {"objects_url": f"file://{tmp_path}/objects", "ingest_grpc": "127.0.0.1:1", "seal_dir": tmp_path / "seal"}
    for name, value in environment("reporting", migrated, None, issuer, tmp_path, **more).items():
        monkeypatch.setenv(name, value)
    return settings.load(Settings)


@pytest.fixture(scope="session")
def workshop() -> Iterator[Workshop]:
    made = Workshop(1)
    yield made
    made.close()


@pytest.fixture
async def service(given: Settings, workshop: Workshop) -> AsyncIterator[Service]:
    db = Database(given, "reporting", Queries(HERE / "queries.sql"))
    await db.open()
    clock = FakeClock()
    directory = DirectoryCopy(db)
    objects = open_store(given)
    publisher = Publisher(objects, workshop, given.seal_dir, given.fonts_dir)
    archive = Archive(db, directory, objects)
    app = http.build_app("reporting", "reporting", Authenticator(given, directory), {"postgres": db.ready})
    signing = Signing(db, directory, Outbox("reporting", "reporting.v1", clock), clock, publisher)
    routes.build(app, Desk(db, clock), signing, archive, Quality(db, clock), clock, given.public_origin)
    handler = Handler(Intake(db, directory, uuid7))
    yield Service(given, db, objects, directory, clock, archive, handler, app)
    await db.close()


@pytest.fixture
async def region(service: Service, issuer: FakeIssuer) -> AsyncIterator[Region]:
    transport = httpx.ASGITransport(service.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://reporting", timeout=60) as client:
        made = Region(client, issuer, service.directory.apply, service.handler, service.objects, service.clock)
        await made.found()
        yield made
