"""One stack on this machine: its ports, its secrets, and where each of its parts is found."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from infra.local.files import Secrets
from infra.local.kafka import Kafka
from infra.local.keycloak import Keycloak
from infra.local.paths import State
from infra.local.ports import keep_ports
from infra.local.postgres import SERVICES, Postgres
from infra.local.triton import Triton

HOST = "127.0.0.1"
AE_TITLE = "SONOBRIDGE"
# Every port of the stack by name; the part that owns it is in the table of parts.py.
PORT_NAMES = (
    "front",
    "postgres",
    "kafka",
    "kafka-controller",
    "keycloak",
    "keycloak-management",
    "triton-grpc",
    "triton-http",
    "triton-metrics",
    "ingest-dicom",
    *(f"{service}-{kind}" for service in SERVICES for kind in ("http", "grpc")),
)


@dataclass(frozen=True)
class Stack:
    """What every part needs to know of the others."""

    state: State

    @cached_property
    def ports(self) -> dict[str, int]:
        return keep_ports(self.state.ports, PORT_NAMES)

    @cached_property
    def secrets(self) -> Secrets:
        return Secrets(self.state.secrets)

    @property
    def origin(self) -> str:
        """The address of the front door."""
        return f"http://{HOST}:{self.ports['front']}"

    @property
    def postgres(self) -> Postgres:
        return Postgres(self.ports["postgres"], self.secrets)

    @property
    def kafka(self) -> Kafka:
        return Kafka(self.ports["kafka"])

    @property
    def keycloak(self) -> Keycloak:
        return Keycloak(self.ports["keycloak"], self.ports["keycloak-management"], self.origin, self.secrets)

    @property
    def triton(self) -> Triton:
        grpc, http, metrics = (self.ports[f"triton-{kind}"] for kind in ("grpc", "http", "metrics"))
        return Triton(grpc, http, metrics, further=self.state.data("models"))

    def http(self, service: str) -> str:
        """Where a service answers HTTP itself, past the front door."""
        return f"http://{HOST}:{self.ports[f'{service}-http']}"

    def grpc(self, service: str) -> str:
        return f"{HOST}:{self.ports[f'{service}-grpc']}"

    def endpoints(self) -> dict[str, object]:
        """What endpoints.json says: the addresses that tests from outside rely on."""
        return {
            "origin": self.origin,
            "dicom": {"host": HOST, "port": self.ports["ingest-dicom"], "ae_title": AE_TITLE},
            "keycloak": {"issuer": self.keycloak.issuer},
            "kafka": self.kafka.bootstrap,
            "postgres": f"{HOST}:{self.ports['postgres']}",
            "triton": {"grpc": self.triton.grpc, "http": self.triton.http, "metrics": self.triton.metrics},
            "metrics": {service: f"{self.http(service)}/metrics" for service in SERVICES},
            "grpc": {service: self.grpc(service) for service in SERVICES},
        }

    def prometheus_targets(self) -> list[dict[str, Any]]:
        """Where Prometheus finds each service, as its file discovery reads it."""
        return [
            {"targets": [f"{HOST}:{self.ports[f'{service}-http']}"], "labels": {"service": service}}
            for service in SERVICES
        ]
