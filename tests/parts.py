"""Fixtures with the real parts behind them: one PostgreSQL and one Kafka per run, shared by the workers of pytest-xdist.

Each test module gets a database of its own with the platform's roles and schemas (`postgres_database`), and each test a prefix
for its topics (`kafka_topics`), so that tests run side by side.
"""

import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from infra.local.files import Secrets, read_json
from infra.local.kafka import Kafka
from infra.local.keycloak import HOST, Keycloak
from infra.local.paths import State
from infra.local.postgres import OWNER, Postgres
from infra.local.private import ensure
from infra.local.triton import PORTS as TRITON_PORTS
from infra.local.triton import Triton

TEST_PARTITIONS = 3


@dataclass(frozen=True)
class Database:
    """One empty database of the shared server: roles and schemas are there, tables are not."""

    server: Postgres
    name: str

    @property
    def host(self) -> str:
        return "127.0.0.1"

    @property
    def port(self) -> int:
        return self.server.port

    @property
    def owner(self) -> str:
        """A connection string of the role that runs migrations."""
        return self.server.conninfo(OWNER, self.name)

    def service(self, service: str) -> str:
        """A connection string of a service's own role."""
        return self.server.conninfo(service, self.name)

    def password_file(self, user: str) -> Path:
        """The file with the password of `sonobridge_owner` or of a service's role."""
        return self.server.password_file(user)


@dataclass(frozen=True)
class Topics:
    """The platform's topics on the shared broker under names of one test's own."""

    bootstrap: str
    prefix: str

    def name(self, topic: str) -> str:
        """The name that the topic has in this test."""
        return self.prefix + topic


@pytest.fixture(scope="session")
def parts_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that every worker of this run shares."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "parts"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def run_pid() -> int:
    """The process whose end is the end of the run: pytest itself, not one of its workers."""
    return os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()


@pytest.fixture(scope="session")
def postgres(parts_folder: Path, run_pid: int) -> Postgres:
    """The run's PostgreSQL server."""
    ensure("postgres", parts_folder, run_pid)
    state = State(parts_folder)
    return Postgres(read_json(state.ports)["postgres"], Secrets(state.secrets))


@pytest.fixture(scope="session")
def kafka(parts_folder: Path, run_pid: int) -> Kafka:
    """The run's Kafka broker."""
    ensure("kafka", parts_folder, run_pid)
    return Kafka(read_json(State(parts_folder).ports)["kafka"])


@pytest.fixture(scope="session")
def keycloak(parts_folder: Path, run_pid: int) -> Keycloak:
    """The run's Keycloak with the platform's realm; its issuer is its own address."""
    ensure("keycloak", parts_folder, run_pid)
    state = State(parts_folder)
    ports = read_json(state.ports)
    origin = f"http://{HOST}:{ports['keycloak']}"
    return Keycloak(ports["keycloak"], ports["keycloak-management"], origin, Secrets(state.secrets))


@pytest.fixture(scope="session")
def triton(parts_folder: Path, run_pid: int) -> Triton:
    """The run's Triton; a model is there after `triton.load(name)`. Tests that harm it start one of their own."""
    ensure("triton", parts_folder, run_pid)
    ports = read_json(State(parts_folder).ports)
    return Triton(*(ports[name] for name in TRITON_PORTS))


@pytest.fixture(scope="module")
def postgres_database(postgres: Postgres) -> Iterator[Database]:
    """A database for one test module."""
    name = f"test_{uuid.uuid4().hex}"
    postgres.create_database(name)
    yield Database(postgres, name)
    postgres.drop_database(name)


@pytest.fixture
def kafka_topics(kafka: Kafka) -> Topics:
    """The platform's topics, empty, for one test."""
    topics = Topics(kafka.bootstrap, f"t{uuid.uuid4().hex}.")
    kafka.create_topics(topics.prefix, TEST_PARTITIONS)
    return topics
