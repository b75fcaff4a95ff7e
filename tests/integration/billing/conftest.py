"""Billing on a real PostgreSQL, without HTTP or Kafka around it."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

import services.billing
from infra.local.postgres import BOOTSTRAP, Postgres
from services.billing.consumers import handler
from services.billing.service.closing import Closer
from services.billing.service.correcting import Corrector
from services.billing.service.recording import Recorder
from services.shared.db import Database, Queries
from services.shared.directory_copy import DirectoryCopy
from services.shared.events import Event
from services.shared.migrate import migrate
from services.shared.outbox import Outbox
from services.shared.settings import PostgresSettings
from tests.integration.billing.region import NOW, Region
from tests.parts import Database as ScratchDatabase

FOLDER = Path(services.billing.__file__).parent


class FixedClock:
    """Stands still until told."""

    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> datetime:
        return self.time


@dataclass
class Billing:
    """The service's use cases over one database, and a region of its own."""

    db: Database
    region: Region
    clock: FixedClock
    directory: DirectoryCopy
    recorder: Recorder
    closer: Closer
    corrector: Corrector

    async def hear(self, *events: Event) -> None:
        for one in events:
            await handler(self.recorder)(one)


def settings_of(database: ScratchDatabase, user: str) -> PostgresSettings:
    return PostgresSettings(
        postgres_host=database.host,
        postgres_port=database.port,
        postgres_database=database.name,
        postgres_user=user,
        postgres_password_file=database.password_file(user),
    )


@pytest.fixture(scope="session")
def template(postgres: Postgres) -> Iterator[str]:
    """A database with billing's schema, to copy."""
    name = f"template_{uuid4().hex}"
    postgres.create_database(name)
    migrate(settings_of(ScratchDatabase(postgres, name), "sonobridge_owner"), "billing", FOLDER / "migrations")
    yield name
    postgres.drop_database(name)


@pytest.fixture
def migrated(postgres: Postgres, template: str) -> Iterator[ScratchDatabase]:
    """A database with billing's schema for one test: a platform has one own organisation and one row of periods."""
    name = f"test_{uuid4().hex}"
    with psycopg.connect(postgres.conninfo(BOOTSTRAP, "postgres"), autocommit=True) as server:
        copy = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        server.execute(copy.format(sql.Identifier(name), sql.Identifier(template)))
    yield ScratchDatabase(postgres, name)
    postgres.drop_database(name)


@pytest.fixture
def eye(migrated: ScratchDatabase) -> Iterator[psycopg.Connection]:
    """A connection that sees everything and may try anything: the test's own eye, never the service's."""
    with psycopg.connect(migrated.server.conninfo(BOOTSTRAP, migrated.name), autocommit=True) as connection:
        connection.execute("SET search_path = billing")
        yield connection


@pytest.fixture
async def billing(migrated: ScratchDatabase) -> AsyncIterator[Billing]:
    """Billing for one test."""
    db = Database(settings_of(migrated, "billing"), "billing", Queries(FOLDER / "queries.sql"))
    await db.open()
    clock, region, directory = FixedClock(), Region(), DirectoryCopy(db)
    outbox = Outbox("billing", "billing.v1", clock)
    await region.publish(directory)
    yield Billing(
        db,
        region,
        clock,
        directory,
        Recorder(db, directory, outbox, clock),
        Closer(db, directory, outbox, clock),
        Corrector(db, outbox, clock),
    )
    await db.close()
