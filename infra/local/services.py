"""The platform's own services as parts: their settings, and when they are ready."""

import sys
from datetime import timedelta

import httpx

from infra.local.paths import ROOT
from infra.local.postgres import DATABASE, OWNER
from infra.local.process import Command, NotReady
from infra.local.stack import AE_TITLE, HOST, Stack

PREFIX = "SONOBRIDGE_"
# The client that each service signs in as when it calls another one.
CLIENTS = {"directory": "platform-directory"}


def database_settings(stack: Stack, user: str) -> dict[str, str]:
    return {
        "POSTGRES_HOST": HOST,
        "POSTGRES_PORT": str(stack.ports["postgres"]),
        "POSTGRES_DATABASE": DATABASE,
        "POSTGRES_USER": user,
        "POSTGRES_PASSWORD_FILE": str(stack.postgres.password_file(user)),
    }


def dicom_host(stack: Stack) -> str:
    """Where the DICOM node listens: on loopback, unless somebody wrote another address into the state folder for real scanners."""
    told = stack.state.folder / "dicom-host"
    return told.read_text(encoding="utf-8").strip() if told.exists() else HOST


def own_settings(stack: Stack, service: str) -> dict[str, str]:
    """What a service reads beyond that which every one reads."""
    objects = {"OBJECTS_URL": stack.state.data("objects").resolve().as_uri()}
    match service:
        case "directory":
            return {"KEYCLOAK_ADMIN_URL": stack.keycloak.admin_url}
        case "ingest":
            return objects | {
                "DICOM_HOST": dicom_host(stack),
                "DICOM_PORT": str(stack.ports["ingest-dicom"]),
                "DICOM_AE_TITLE": AE_TITLE,
                "SPOOL_DIR": str(stack.state.data("spool")),
            }
        case "inference":
            return objects | {
                "INGEST_GRPC": stack.grpc("ingest"),
                "TRITON_GRPC": stack.triton.grpc,
                "DECODE_PROCESSES": "2",
                "MODELS_DIR": str(ROOT / "services" / "inference" / "models"),
                "FURTHER_MODELS_DIR": str(stack.state.data("models")),
            }
        case "reporting":
            return objects | {"INGEST_GRPC": stack.grpc("ingest"), "SEAL_DIR": str(stack.state.data("seals"))}
        case "billing":
            return objects
        case _:
            raise ValueError(f"there is no service {service}")


def settings(stack: Stack, service: str) -> dict[str, str]:
    """The whole environment of a service, with the prefix that its settings have."""
    client = CLIENTS.get(service, f"service-{service}")
    common = {
        "HTTP_HOST": HOST,
        "HTTP_PORT": str(stack.ports[f"{service}-http"]),
        "GRPC_HOST": HOST,
        "GRPC_PORT": str(stack.ports[f"{service}-grpc"]),
        "KAFKA_BOOTSTRAP": stack.kafka.bootstrap,
        "OIDC_ISSUER": stack.keycloak.issuer,
        "OIDC_INTERNAL_URL": stack.keycloak.internal_issuer,
        "OIDC_AUDIENCE": "sonobridge",
        "OIDC_CLIENT_ID": client,
        "OIDC_CLIENT_SECRET_FILE": str(stack.keycloak.client_secret_file(client)),
        "PUBLIC_ORIGIN": stack.origin,
    }
    given = database_settings(stack, service) | common | own_settings(stack, service)
    collector = stack.state.folder / "otlp-endpoint"
    if collector.exists():  # somebody who collects spans wrote there where: host:port of OTLP over gRPC
        given["OTLP_ENDPOINT"] = collector.read_text(encoding="utf-8").strip()
    faults = stack.state.folder / "crash"
    if faults.is_dir():  # a stack of the fault tests: they name there the point at which a service is to die
        given["CRASH_FILE"] = str(faults / service)
    return {PREFIX + name: value for name, value in given.items()}


def command(stack: Stack, service: str) -> Command:
    """Runs a service as `sonobridge <service>`."""
    return Command(
        (sys.executable, "-m", "services", service),
        cwd=ROOT,
        env=settings(stack, service),
        stop_timeout=timedelta(seconds=30),
    )


def migrate_command(stack: Stack) -> Command:
    """Brings every service's schema up to date, then ends."""
    env = {PREFIX + name: value for name, value in database_settings(stack, OWNER).items()}
    return Command((sys.executable, "-m", "services", "migrate"), cwd=ROOT, env=env)


def check(stack: Stack, service: str) -> None:
    """Raises NotReady until the service says that it can do its work."""
    try:
        answer = httpx.get(f"{stack.http(service)}/readyz", timeout=5)
    except httpx.HTTPError as error:
        raise NotReady(f"{type(error).__name__}: {error}") from error
    if answer.status_code != 200:
        raise NotReady(f"/readyz answers {answer.status_code}: {answer.text[:200]}")
