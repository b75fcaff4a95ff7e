"""The inference service as a process on the real PostgreSQL, Kafka and Triton; only ingest is a fake."""

import hashlib
import shutil
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
import yaml

import services.inference
from infra.local.kafka import Kafka
from infra.local.triton import Triton, start_triton
from services.shared.migrate import migrate
from services.shared.settings import PostgresSettings
from tests.fakes.ingest import FakeIngest
from tests.fakes.oidc import FakeIssuer
from tests.fakes.settings import environment
from tests.integration.inference.stage import SHADOW, TRIAL, Stage
from tests.parts import TEST_PARTITIONS, Database, Topics

_HERE = Path(services.inference.__file__).parent
_ROOT = _HERE.parent.parent
_IDENTITY = _ROOT / "infra" / "triton" / "models" / "identity"


@pytest.fixture(scope="session")
def issuer() -> Iterator[FakeIssuer]:
    made = FakeIssuer()
    yield made
    made.close()


@pytest.fixture(scope="module")
def triton(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Triton]:
    with start_triton(tmp_path_factory.mktemp("triton")) as server:
        yield server


@pytest.fixture(scope="module")
def migrated(postgres_database: Database) -> Database:
    owner = PostgresSettings(
        postgres_host=postgres_database.host,
        postgres_port=postgres_database.port,
        postgres_database=postgres_database.name,
        postgres_user="sonobridge_owner",
        postgres_password_file=postgres_database.password_file("sonobridge_owner"),
    )
    migrate(owner, "inference", _HERE / "migrations")
    return postgres_database


@pytest.fixture(scope="session")
def models_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Triton's identity model with a card and a reading of its output."""
    folder = tmp_path_factory.mktemp("models")
    shutil.copytree(_IDENTITY, folder / "identity")
    shutil.copy(Path(__file__).parent / "models" / "identity" / "postprocess.py", folder / "identity")
    card = {
        "name": "identity",
        "version": "1.0.0",
        "title": {"zh": "恒等", "en": "Identity"},
        "regulatory": {"class": "II", "mode": "approved", "certificate": None},
        "modalities": ["US"],
        "body_parts": ["FETUS", ""],
        "frame_batch": 2,
        "weights": {
            "file": "1/model.onnx",
            "sha256": hashlib.sha256((_IDENTITY / "1" / "model.onnx").read_bytes()).hexdigest(),
        },
    }
    (folder / "identity" / "card.yaml").write_text(yaml.safe_dump(card), encoding="utf-8")
    return folder


@asynccontextmanager
async def staged(
    database: Database, topics: Topics, triton: Triton, issuer: FakeIssuer, models: Path, folder: Path, **more: object
) -> AsyncIterator[Stage]:
    """A stage with a fake ingest, not yet started."""
    ingest = FakeIngest()
    await ingest.start()
    variables = environment(
        "inference",
        database,
        topics,
        issuer,
        folder,
        objects_url=f"file://{folder / 'objects'}",
        ingest_grpc=f"127.0.0.1:{ingest.port}",
        triton_grpc=triton.grpc,
        **{"triton_patience_seconds": 8, "models_dir": models, "decode_processes": 1} | more,
    )
    made = Stage(variables, database, topics, issuer, ingest, folder, triton)
    try:
        yield made
    finally:
        await made.close()
        await ingest.stop()


@pytest.fixture
async def stage(
    migrated: Database, kafka_topics: Topics, triton: Triton, issuer: FakeIssuer, models_dir: Path, tmp_path: Path
) -> AsyncIterator[Stage]:
    """A process of the test's own, which the test starts, kills and starts again."""
    async with staged(migrated, kafka_topics, triton, issuer, models_dir, tmp_path) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(
    migrated: Database,
    kafka: Kafka,
    triton: Triton,
    issuer: FakeIssuer,
    models_dir: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Stage]:
    """One running process for the tests of a module; agreement version 1 carries a trial, version 2 a shadow, 3 nothing."""
    topics = Topics(kafka.bootstrap, f"t{uuid.uuid4().hex}.")
    kafka.create_topics(topics.prefix, TEST_PARTITIONS)
    async with staged(migrated, topics, triton, issuer, models_dir, tmp_path_factory.mktemp("stage")) as made:
        await made.agree(TRIAL)
        await made.agree(SHADOW, version=2)
        await made.agree(version=3)
        await made.start()
        yield made
