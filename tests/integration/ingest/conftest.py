"""The ingest service as a process on the real PostgreSQL and Kafka."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

import services.ingest
from services.shared.migrate import migrate
from services.shared.settings import PostgresSettings
from tests.fakes.oidc import FakeIssuer
from tests.fakes.settings import environment, free_port
from tests.integration.ingest.stage import Stage
from tests.parts import Database, Topics

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


@pytest.fixture
async def unstarted(
    migrated: Database, kafka_topics: Topics, issuer: FakeIssuer, tmp_path: Path
) -> AsyncIterator[Stage]:
    """The stage before its process runs, so that a test may change its settings."""
    variables = environment(
        "ingest",
        migrated,
        kafka_topics,
        issuer,
        tmp_path,
        objects_url=f"file://{tmp_path / 'objects'}",
        spool_dir=tmp_path / "spool",
        dicom_port=free_port(),
        inspect_processes=1,
    )
    made = Stage(variables, migrated, kafka_topics, issuer, tmp_path)
    try:
        yield made
    finally:
        await made.close()


@pytest.fixture
async def stage(unstarted: Stage) -> Stage:
    """A running ingest that knows the hospitals and has no agreement yet."""
    await unstarted.start()
    await unstarted.found()
    return unstarted
