"""The ingest service as a process on the real PostgreSQL and Kafka."""

import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

import services.ingest
from infra.local.kafka import Kafka
from services.shared.migrate import migrate
from services.shared.settings import PostgresSettings
from tests.fakes.oidc import FakeIssuer
from tests.fakes.settings import environment, free_port
from tests.integration.ingest.stage import Stage
from tests.parts import TEST_PARTITIONS, Database, Topics

_HERE = Path(services.ingest.__file__).parent


@pytest.fixture(scope="session")
def issuer() -> Iterator[FakeIssuer]:
    made = FakeIssuer()
    yield made
    made.close()


@pytest.fixture(scope="module")
def migrated(postgres_database: Database) -> Database:
    owner = PostgresSettings(
        postgres_host=postgres_database.host,
        postgres_port=postgres_database.port,
        postgres_database=postgres_database.name,
        postgres_user="sonobridge_owner",
        postgres_password_file=postgres_database.password_file("sonobridge_owner"),
    )
    migrate(owner, "ingest", _HERE / "migrations")
    return postgres_database


@pytest.fixture(scope="module")
def topics(kafka: Kafka) -> Topics:
    made = Topics(kafka.bootstrap, f"t{uuid.uuid4().hex}.")
    kafka.create_topics(made.prefix, TEST_PARTITIONS)
    return made


def make_stage(database: Database, topics: Topics, issuer: FakeIssuer, folder: Path, **more: Any) -> Stage:
    """A stage with its process not yet started; `more` are settings of ingest by name."""
    given = {
        "objects_url": f"file://{folder / 'objects'}",
        "spool_dir": folder / "spool",
        "dicom_port": free_port(),
        "inspect_processes": 1,
    }
    return Stage(
        environment("ingest", database, topics, issuer, folder, **(given | more)), database, topics, issuer, folder
    )


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def stage(
    migrated: Database, topics: Topics, issuer: FakeIssuer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stage]:
    """A running ingest that knows the hospitals; the clinic has an agreement with the reader, the others have none."""
    made = make_stage(migrated, topics, issuer, tmp_path_factory.mktemp("ingest"))
    try:
        await made.start()
        await made.found()
        await made.agree()
        yield made
    finally:
        await made.close()


@pytest_asyncio.fixture(loop_scope="module")
async def unstarted(
    migrated: Database, kafka_topics: Topics, issuer: FakeIssuer, tmp_path: Path
) -> AsyncIterator[Stage]:
    """A stage of one test's own before its process runs: to change its settings, to kill it."""
    made = make_stage(migrated, kafka_topics, issuer, tmp_path)
    try:
        yield made
    finally:
        await made.close()
