"""The table of parts is the one list of ports, topics, settings and routes: everything else agrees with it."""

import re
import tomllib
from pathlib import Path

import pytest

from infra.local import nginx, services
from infra.local.keycloak import SERVICE_CLIENTS
from infra.local.parts import BY_NAME, PARTS
from infra.local.paths import INFRA, ROOT, State
from infra.local.postgres import SERVICES
from infra.local.stack import PORT_NAMES, Stack
from services.__main__ import SERVICES as LAUNCHED
from services.__main__ import _settings_of
from services.admin.topics import read as read_topics
from services.shared import settings


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    return Stack(State(tmp_path / "state"))


def test_every_port_belongs_to_exactly_one_part() -> None:
    owned = [port for part in PARTS for port in part.ports]
    assert sorted(owned) == sorted(PORT_NAMES)


def test_every_part_comes_after_parts_that_stand_before_it_in_the_table() -> None:
    seen: set[str] = set()
    for part in PARTS:
        assert set(part.after) <= seen, part.name
        seen.add(part.name)


def test_every_service_that_can_be_launched_is_a_part_with_a_topic_and_a_client_of_its_own() -> None:
    names = {topic.name for topic in read_topics()}
    for service in LAUNCHED:
        assert service in BY_NAME
        assert f"{service}.v1" in names
        assert services.CLIENTS.get(service, f"service-{service}") in SERVICE_CLIENTS
    assert tuple(SERVICES) == tuple(LAUNCHED)


def test_every_topic_has_a_dead_letter_topic_with_as_many_partitions() -> None:
    partitions = {topic.name: topic.partitions for topic in read_topics()}
    ordinary = [name for name in partitions if not name.endswith(".dlq")]
    assert ordinary
    for name in ordinary:
        assert partitions[f"{name}.dlq"] == partitions[name]


def test_only_the_directory_keeps_the_last_word_on_each_key_for_ever() -> None:
    compacted = {topic.name for topic in read_topics() if topic.config["cleanup.policy"] == "compact"}
    assert compacted == {"directory.v1"}


@pytest.mark.parametrize("service", SERVICES)
def test_the_settings_that_a_service_is_given_are_those_that_it_reads(
    service: str, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in services.settings(stack, service).items():
        monkeypatch.setenv(name, value)
    given = settings.load(_settings_of(service))
    assert given.http_port == stack.ports[f"{service}-http"]
    assert given.postgres_password_file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("service", SERVICES)
def test_no_secret_is_handed_over_in_the_environment(service: str, stack: Stack) -> None:
    given = services.settings(stack, service)
    drawn = {file.read_text().strip() for file in stack.state.secrets.iterdir() if not file.name.startswith(".")}
    assert drawn
    assert not drawn & set(given.values())


def test_every_server_listens_on_loopback_alone(stack: Stack) -> None:
    for service in SERVICES:
        hosts = {name: value for name, value in services.settings(stack, service).items() if name.endswith("_HOST")}
        assert set(hosts.values()) == {"127.0.0.1"}


def test_endpoints_hold_what_tests_from_outside_rely_on(stack: Stack) -> None:
    endpoints = stack.endpoints()
    assert set(endpoints) == {"origin", "dicom", "keycloak", "kafka", "postgres", "triton", "metrics", "grpc"}
    assert endpoints["keycloak"] == {"issuer": f"{endpoints['origin']}/auth/realms/sonobridge"}


def test_roles_exist_for_every_service() -> None:
    text = (INFRA / "postgres" / "roles.sql").read_text(encoding="utf-8")
    for service in SERVICES:
        for work in ("relay", "consumer"):
            assert f"'{service}_{work}'" in text


def test_the_extras_and_the_locks_know_every_service() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert set(SERVICES) <= set(project["optional-dependencies"])


LOCKS = ["requirements.lock", "requirements-dev.lock", "infra/triton/requirements.lock", "infra/triton/server.lock"]


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_version_and_hash_of_everything_and_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert "://" not in text
    pinned = re.findall(r"^[a-zA-Z0-9._-]+==\S+", text, flags=re.M)
    assert pinned
    assert text.count("--hash=sha256:") >= len(pinned)


def test_the_front_door_passes_every_route_to_the_part_that_it_names(tmp_path: Path) -> None:
    upstreams = {route.part: 19000 + number for number, route in enumerate(nginx.routes())}
    text = nginx.render(tmp_path, 18080, upstreams)
    for route in nginx.routes():
        assert route.part in BY_NAME
        block = text[text.index(f"location {route.path} {{") :]
        assert f"proxy_pass http://127.0.0.1:{upstreams[route.part]};" in block[: block.index("}")]
    assert text.count("{") == text.count("}")
    assert "listen 127.0.0.1:18080;" in text
    assert "client_max_body_size 0;" in text


def test_every_service_is_reached_through_the_front_door() -> None:
    assert {route.part for route in nginx.routes()} >= set(SERVICES)
