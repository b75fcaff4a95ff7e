"""Settings of a service under test, from the real parts' fixtures and the fake issuer."""

import socket
from pathlib import Path
from typing import Any

from tests.fakes.oidc import FakeIssuer
from tests.parts import Database, Topics


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def environment(
    service: str, database: Database, topics: Topics | None, issuer: FakeIssuer, folder: Path, **more: Any
) -> dict[str, str]:
    """`SONOBRIDGE_*` variables for `service`; `more` adds or replaces settings by their lower-case names."""
    secret = folder / "client-secret"
    secret.write_text("not-checked-by-the-fake-issuer")
    values = {
        "http_port": free_port(),
        "grpc_port": free_port(),
        "postgres_host": database.host,
        "postgres_port": database.port,
        "postgres_database": database.name,
        "postgres_user": service,
        "postgres_password_file": database.password_file(service),
        "kafka_bootstrap": topics.bootstrap if topics else "127.0.0.1:1",
        "topic_prefix": topics.prefix if topics else "",
        "oidc_issuer": issuer.issuer,
        "oidc_client_id": f"service-{service}",
        "oidc_client_secret_file": secret,
        "public_origin": "http://127.0.0.1:8080",
    } | more
    return {f"SONOBRIDGE_{name.upper()}": str(value) for name, value in values.items()}
