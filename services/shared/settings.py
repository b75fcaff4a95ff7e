"""Settings come from the environment, typed and frozen; secrets come from files; an unknown name is refused."""

import difflib
import os
from pathlib import Path
from typing import Literal, Self, TypeVar

from pydantic import Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "SONOBRIDGE_"
# Read before settings exist, by the fault tests alone (crash.py).
_OUTSIDE_SETTINGS = {"SONOBRIDGE_CRASH_FILE"}


class SettingsError(Exception):
    """The settings are not usable."""


class PostgresSettings(BaseSettings):
    """Where the records are. One database, a schema and a role per service."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    postgres_host: str = Field(description="Host of PostgreSQL")
    postgres_port: int = Field(description="Port of PostgreSQL")
    postgres_database: str = Field("sonobridge", description="Database")
    postgres_user: str = Field("", description="Login role; the service's own name when empty")
    postgres_password_file: Path = Field(description="File that holds the role's password")
    postgres_pool_size: int = Field(8, description="Connections kept at most")
    postgres_sslmode: Literal["disable", "prefer", "require", "verify-ca", "verify-full"] = Field(
        "prefer", description="How far PostgreSQL must speak TLS, as libpq has it; verify-full checks who answers"
    )
    postgres_ca_file: Path | None = Field(
        None, description="File with the certificates that PostgreSQL's is checked against"
    )


class KafkaSettings(BaseSettings):
    """Where the events go."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    kafka_bootstrap: str = Field(description="host:port of a Kafka broker, or of several with commas between")
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL"
    )
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        "SCRAM-SHA-512", description="How SASL signs in: PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512"
    )
    kafka_username: str = Field("", description="Who signs in by SASL")
    kafka_password_file: Path | None = Field(None, description="File that holds that user's password")
    kafka_ca_file: Path | None = Field(
        None, description="File with the certificates that brokers' are checked against; the system's when not said"
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        """A password that no broker would be asked for, or a sign-in without one, is a mistake to be told of at once."""
        named = bool(self.kafka_username and self.kafka_password_file)
        if self.kafka_security_protocol.startswith("SASL_") and not named:
            raise ValueError(
                f"{PREFIX}KAFKA_SECURITY_PROTOCOL with SASL needs {PREFIX}KAFKA_USERNAME and {PREFIX}KAFKA_PASSWORD_FILE"
            )
        if not self.kafka_security_protocol.startswith("SASL_") and (self.kafka_username or self.kafka_password_file):
            raise ValueError(f"{PREFIX}KAFKA_USERNAME signs in by SASL: say so in {PREFIX}KAFKA_SECURITY_PROTOCOL")
        return self


class ServiceSettings(PostgresSettings, KafkaSettings):
    """What every service reads."""

    http_host: str = Field("127.0.0.1", description="Address to bind HTTP to")
    http_port: int = Field(description="Port of HTTP")
    grpc_host: str = Field("127.0.0.1", description="Address to bind gRPC to")
    grpc_port: int = Field(description="Port of gRPC")
    topic_prefix: str = Field("", description="Put before every topic's and consumer group's name")
    oidc_issuer: str = Field(description="Issuer of the access tokens, exactly as they name it")
    oidc_internal_url: str = Field(
        "", description="Where this process reaches the issuer; the issuer itself when empty"
    )
    oidc_audience: str = Field("sonobridge", description="Audience that access tokens must name")
    oidc_client_id: str = Field(description="Client of this service, for its calls to other services")
    oidc_client_secret_file: Path = Field(description="File that holds that client's secret")
    public_origin: str = Field(description="Origin that people and machines see, e.g. https://sonobridge.example")
    otlp_endpoint: str = Field(
        "", description="OTLP/gRPC collector for spans, https:// for TLS; none are exported when empty"
    )
    log_level: str = Field("info", description="debug, info, warning or error")

    @property
    def issuer_url(self) -> str:
        return (self.oidc_internal_url or self.oidc_issuer).rstrip("/")


class ObjectSettings(BaseSettings):
    """Where the pixels are."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    objects_url: str = Field(description="file:///folder or s3://bucket/prefix")
    objects_endpoint: str = Field("", description="Endpoint of an S3-compatible server")
    objects_region: str = Field(
        "", description="Region of the bucket, as requests are signed for it; us-east-1 unless said"
    )
    objects_access_key_file: Path | None = Field(None, description="File that holds the bucket's access key")
    objects_secret_key_file: Path | None = Field(None, description="File that holds the bucket's secret key")


Settings = TypeVar("Settings", bound=BaseSettings)


def load(cls: type[Settings]) -> Settings:
    """Read and validate `cls` from the environment. Raises SettingsError with one line per fault."""
    known = {PREFIX + name.upper() for name in cls.model_fields}
    faults = []
    for name in sorted(os.environ):
        if name.startswith(PREFIX) and name not in known | _OUTSIDE_SETTINGS:
            near = difflib.get_close_matches(name, known, n=1)
            faults.append(f"{name} is not a setting of this service" + (f"; did you mean {near[0]}?" if near else ""))
    try:
        settings = cls()
    except ValidationError as error:
        for fault in error.errors():
            name = PREFIX + str(fault["loc"][0]).upper() if fault["loc"] else "settings"
            faults.append(f"{name}: {'is required' if fault['type'] == 'missing' else fault['msg']}")
    if faults:
        raise SettingsError("\n".join(faults))
    return settings


def read_secret(path: Path) -> str:
    """The secret in `path`, without the line's end. Raises SettingsError when it cannot be read or is empty."""
    try:
        secret = path.read_text().strip()
    except OSError as error:
        raise SettingsError(f"cannot read the secret file {path}: {error.strerror}") from error
    if not secret:
        raise SettingsError(f"the secret file {path} is empty")
    return secret
