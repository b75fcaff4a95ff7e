"""The command against a running directory, Keycloak, PostgreSQL and Kafka: from nothing to a region in which a machine signs in."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from infra.local.keycloak import Keycloak
from infra.local.signin import machine_token, person_token
from services.admin.main import main
from services.shared.migrate import migrate
from services.shared.settings import PostgresSettings
from tests.fakes.settings import free_port
from tests.integration.directory.region import hospital
from tests.parts import Database, Topics

# Keycloak takes long to start where every core is busy.
pytestmark = pytest.mark.timeout(420)

ROOT = Path(__file__).parents[3]
DEMO = ROOT / "infra" / "demo" / "demo.yaml"


@dataclass
class Running:
    """A directory process and the state folder that the command reads."""

    origin: str
    state: Path
    keycloak: Keycloak
    settings: dict[str, str]
    process: "subprocess.Popen[bytes]"

    def crash_at(self, point: str) -> None:
        """The process will kill itself when it comes to the point."""
        (self.state / "crash").write_text(point)

    def restart(self) -> None:
        """Start the process again, which has been killed."""
        assert self.process.wait(10) == -signal.SIGKILL
        self.process = start(self.settings)

    def admin(self, *arguments: str) -> int:
        command, *rest = arguments
        return main([command, "--state", str(self.state), "--issuer", self.keycloak.issuer, *rest])

    def credentials(self) -> dict[str, list[dict[str, Any]]]:
        content: dict[str, list[dict[str, Any]]] = json.loads((self.state / "credentials.json").read_text())
        return content

    def get(self, path: str, token: str) -> httpx.Response:
        return httpx.get(
            f"{self.origin}/api/directory/v1/{path}", headers={"Authorization": f"Bearer {token}"}, timeout=10
        )


def environment(database: Database, topics: Topics, keycloak: Keycloak) -> dict[str, str]:
    values = {
        "http_port": free_port(),
        "grpc_port": free_port(),
        "postgres_host": database.host,
        "postgres_port": database.port,
        "postgres_database": database.name,
        "postgres_password_file": database.password_file("directory"),
        "kafka_bootstrap": topics.bootstrap,
        "topic_prefix": topics.prefix,
        "oidc_issuer": keycloak.issuer,
        "oidc_client_id": "platform-directory",
        "oidc_client_secret_file": keycloak.client_secret_file("platform-directory"),
        "public_origin": keycloak.origin,
        "keycloak_admin_url": keycloak.admin_url,
    }
    return {f"SONOBRIDGE_{name.upper()}": str(value) for name, value in values.items()}


@pytest.fixture
def running(postgres_database: Database, kafka_topics: Topics, keycloak: Keycloak, tmp_path: Path) -> Iterator[Running]:
    owner = PostgresSettings(
        postgres_host=postgres_database.host,
        postgres_port=postgres_database.port,
        postgres_database=postgres_database.name,
        postgres_user="sonobridge_owner",
        postgres_password_file=postgres_database.password_file("sonobridge_owner"),
    )
    migrate(owner, "directory", ROOT / "services" / "directory" / "migrations")
    given = environment(postgres_database, kafka_topics, keycloak) | {"SONOBRIDGE_CRASH_FILE": str(tmp_path / "crash")}
    origin = f"http://127.0.0.1:{given['SONOBRIDGE_HTTP_PORT']}"
    (tmp_path / "endpoints.json").write_text(json.dumps({"origin": origin, "kafka": kafka_topics.bootstrap}))
    made = Running(origin, tmp_path, keycloak, given, start(given))
    try:
        yield made
        made.process.send_signal(signal.SIGTERM)
        assert made.process.wait(20) == 0, "the directory ends cleanly when told to"
    finally:
        made.process.kill()
        made.process.wait()


def start(given: dict[str, str]) -> "subprocess.Popen[bytes]":
    """The directory, ready."""
    process = subprocess.Popen([sys.executable, "-m", "services", "directory"], cwd=ROOT, env=os.environ | given)
    url = f"http://127.0.0.1:{given['SONOBRIDGE_HTTP_PORT']}/readyz"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(url, timeout=5).status_code == 200:
                return process
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    process.kill()
    raise AssertionError("the directory did not become ready")


def test_a_region_is_set_up_from_nothing_and_again_without_change(
    running: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = str(running.keycloak.client_secret_file("platform-directory"))
    for _ in range(2):
        assert running.admin("bootstrap", "--client-secret-file", secret, "--renew-missing") == 0
    assert "0 created, 0 changed, 3 unchanged" in capsys.readouterr().out
    assert running.admin("apply", str(DEMO)) == 0
    first = capsys.readouterr().out
    assert ", 0 changed, 0 unchanged" in first
    assert running.admin("apply", str(DEMO)) == 0
    second = capsys.readouterr().out
    assert "0 created, 0 changed" in second

    credentials = running.credentials()
    drawn = [one["client_secret"] for one in credentials["machines"]] + [
        one["password"] for one in credentials["people"]
    ]
    assert len(set(drawn)) == len(drawn)
    assert not any(one in first + second for one in drawn), "no secret is ever printed"
    assert (running.state / "credentials.json").stat().st_mode & 0o777 == 0o600

    issuer = running.keycloak.issuer
    gateway = next(one for one in credentials["machines"] if one["organisation"] == "qinghe")
    assert gateway["ae_title"] == "QINGHE_US1"
    machine = machine_token(issuer, gateway["client_id"], gateway["client_secret"], "qinghe")
    me = running.get("me", machine).json()
    assert (me["organisation"]["name_zh"], me["roles"]) == ("青禾县人民医院", ["clinic_staff"])
    assert running.get("organisations/shiqiao", machine).status_code == 404
    assert running.get("organisations/dongzhou", machine).status_code == 200

    operator = next(one for one in credentials["people"] if "operator" in one["roles"])
    token = person_token(issuer, operator["username"], operator["password"], "platform", f"{running.keycloak.origin}/")
    assert running.get("me", token).json()["organisation"]["platform"] is True
    assert len(running.get("agreements", token).json()["items"]) == 4

    assert running.admin("republish") == 0
    assert "agreement" in capsys.readouterr().out


def test_a_wrong_client_secret_is_told_apart_from_an_absent_platform(
    running: Running, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("wrong")
    assert running.admin("bootstrap", "--client-secret-file", str(wrong)) == 1
    assert "gives platform-directory no token" in capsys.readouterr().err
    assert main(["apply", "--state", str(tmp_path / "nothing"), str(DEMO)]) == 1
    assert "endpoints.json is not there" in capsys.readouterr().err


@pytest.mark.parametrize("point", ["directory.account_made", "directory.membership_committed"])
def test_a_process_killed_between_keycloak_and_its_answer_leaves_nothing_that_trying_again_does_not_complete(
    running: Running, point: str, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = str(running.keycloak.client_secret_file("platform-directory"))
    assert running.admin("bootstrap", "--client-secret-file", secret, "--renew-missing") == 0
    alias = point.replace("directory.", "h-").replace("_", "-")
    roles = {"display_name": "王敏", "roles": ["clinic_staff"]}
    inside = {"machines": {f"{alias}-gateway": roles}, "people": {f"{alias}-wang": roles}}
    file = running.state / "region.yaml"
    for kind, members in inside.items():
        file.write_text(json.dumps({"organisations": {alias: hospital(len(alias)) | {kind: members}}}))
        running.crash_at(point)
        assert running.admin("apply", str(file), "--renew-missing") == 1
        assert "does not answer" in capsys.readouterr().err
        running.restart()
        assert running.admin("apply", str(file), "--renew-missing") == 0
    credentials = running.credentials()
    machine = next(one for one in credentials["machines"] if one["organisation"] == alias)
    person = next(one for one in credentials["people"] if one["organisation"] == alias)
    issuer, front = running.keycloak.issuer, f"{running.keycloak.origin}/"
    for token in (
        machine_token(issuer, machine["client_id"], machine["client_secret"], alias),
        person_token(issuer, person["username"], person["password"], alias, front),
    ):
        assert running.get("me", token).json()["roles"] == ["clinic_staff"]
    assert len(running.get("memberships", token).json()["items"]) == 2
